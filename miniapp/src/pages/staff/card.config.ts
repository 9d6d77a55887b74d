export default definePageConfig({ navigationBarTitleText: '指令卡' })
