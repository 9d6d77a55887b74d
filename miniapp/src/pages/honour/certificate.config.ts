export default definePageConfig({
  navigationBarTitleText: '证书',
  navigationBarBackgroundColor: '#0c1512',
  navigationBarTextStyle: 'white',
  backgroundColor: '#0c1512',
  backgroundColorTop: '#0c1512',
  backgroundColorBottom: '#0c1512',
})
