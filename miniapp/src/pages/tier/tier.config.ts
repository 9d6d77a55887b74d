export default definePageConfig({ navigationBarTitleText: '等级与成长', enablePullDownRefresh: true })
