export default definePageConfig({ navigationBarTitleText: '体验装', enablePullDownRefresh: true })
