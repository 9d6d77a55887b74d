export default definePageConfig({
  navigationBarTitleText: '一盏',
  enablePullDownRefresh: true,
  enableShareAppMessage: true,
})
