export default definePageConfig({
  navigationBarTitleText: '新鲜事',
  enablePullDownRefresh: true,
  enableShareAppMessage: true,
})
