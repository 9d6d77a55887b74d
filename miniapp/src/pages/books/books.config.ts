export default definePageConfig({ navigationBarTitleText: '积分账务', enablePullDownRefresh: true })
