export default definePageConfig({ navigationBarTitleText: '离线收银' })
