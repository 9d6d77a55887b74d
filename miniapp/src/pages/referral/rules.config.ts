export default definePageConfig({
  navigationBarTitleText: '怎么算',
  enablePullDownRefresh: true,
  enableShareAppMessage: true,
})
