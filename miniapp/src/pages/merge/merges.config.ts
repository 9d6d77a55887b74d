export default definePageConfig({ navigationBarTitleText: '会员合并', enablePullDownRefresh: true })
