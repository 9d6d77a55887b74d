export default definePageConfig({ navigationBarTitleText: '菜单与价格', enablePullDownRefresh: true })
