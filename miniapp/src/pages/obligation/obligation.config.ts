export default definePageConfig({
  navigationBarTitleText: '特色义务',
  enablePullDownRefresh: true,
  enableShareAppMessage: true,
})
