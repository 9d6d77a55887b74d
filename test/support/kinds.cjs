/**
 * The kinds of tests, from quick to slow, by where they lie. Read by jest (jest.config.cjs) and by the runner,
 * which makes ready what the kinds it runs need. `needs`: client | database | bff | h5 | weapp | browser.
 */
module.exports = [
  { kind: 'rules', says: 'rules (shared)', tests: ['shared/src/**/*.test.ts'], needs: [] },
  { kind: 'phone', says: 'phone code (miniapp)', tests: ['miniapp/**/*.test.ts', 'miniapp/**/*.test.tsx'], needs: [] },
  {
    kind: 'house',
    says: 'house (tools, database)',
    tests: ['test/support/**/*.test.ts', 'test/demo/**/*.test.ts', 'prisma/**/*.test.ts', 'bff/*.test.ts'],
    needs: ['client', 'database'],
  },
  {
    kind: 'wechat',
    says: 'WeChat client and sandbox',
    tests: ['bff/src/wechat/**/*.test.ts', 'test/wechat-sandbox/**/*.test.ts'],
    needs: ['client', 'database'],
  },
  {
    kind: 'verbs',
    says: 'verbs (bff on PostgreSQL)',
    tests: ['bff/src/**/*.test.ts', '!bff/src/wechat/**'],
    needs: ['client', 'database'],
  },
  {
    kind: 'story',
    says: 'story (real server)',
    tests: ['test/story/**/*.test.ts'],
    needs: ['client', 'database', 'bff'],
  },
  { kind: 'faults', says: 'faults', tests: ['test/faults/**/*.test.ts'], needs: ['client', 'database', 'bff'] },
  {
    kind: 'weapp',
    says: 'weapp output executed',
    tests: ['test/weapp/**/*.test.ts'],
    needs: ['client', 'database', 'bff', 'weapp'],
  },
  {
    kind: 'browser',
    says: 'browser (h5 in Chromium)',
    tests: ['test/e2e/**/*.test.ts'],
    needs: ['client', 'database', 'bff', 'h5', 'browser'],
  },
]
