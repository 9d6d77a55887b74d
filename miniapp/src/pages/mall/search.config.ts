export default definePageConfig({ navigationBarTitleText: '搜商城' })
