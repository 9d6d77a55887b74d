export default definePageConfig({
  navigationBarTitleText: '品牌资讯',
  enablePullDownRefresh: true,
  enableShareAppMessage: true,
})
