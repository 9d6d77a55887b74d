export default defineAppConfig({
  pages: ['tabs/home/index', 'tabs/code/index', 'tabs/me/index'],
  subPackages: [
    { root: 'pages/ledger', pages: ['statement'] },
    { root: 'pages/tier', pages: ['tier'] },
    { root: 'pages/member', pages: ['profile'] },
    { root: 'pages/session', pages: ['places'] },
    { root: 'pages/consent', pages: ['privacy'] },
    { root: 'pages/staff', pages: ['counter', 'shift'] },
  ],
  preloadRule: { 'tabs/me/index': { network: 'all', packages: ['pages/ledger', 'pages/tier'] } },
  window: {
    navigationBarTitleText: '一盏',
    navigationBarBackgroundColor: '@ground',
    navigationBarTextStyle: '@navText' as 'black',
    backgroundColor: '@ground',
    backgroundTextStyle: '@pullText' as 'dark',
    enablePullDownRefresh: false,
  },
  tabBar: {
    custom: true,
    color: '@ink3',
    selectedColor: '@brand',
    backgroundColor: '@surface',
    borderStyle: '@line' as 'black',
    list: [
      { pagePath: 'tabs/home/index', text: '首页' },
      { pagePath: 'tabs/code/index', text: '会员码' },
      { pagePath: 'tabs/me/index', text: '我的' },
    ],
  },
  darkmode: true,
  themeLocation: 'theme.json',
  lazyCodeLoading: 'requiredComponents',
  __usePrivacyCheck__: true,
  // in browsers pages change at once: sliding ones hide the wrong page when somebody goes back quickly
  ...(process.env.TARO_ENV === 'h5' ? { animation: false } : {}),
} as Parameters<typeof defineAppConfig>[0])
