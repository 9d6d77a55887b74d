export default definePageConfig({ navigationBarTitleText: '会员服务与隐私说明' })
