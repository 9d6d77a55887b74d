export default definePageConfig({ navigationBarTitleText: '店务', enablePullDownRefresh: true })
