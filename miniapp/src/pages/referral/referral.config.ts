export default definePageConfig({
  navigationBarTitleText: '请朋友喝茶',
  enablePullDownRefresh: true,
  enableShareAppMessage: true,
})
