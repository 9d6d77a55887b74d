import { pushSetupsOf, readEnv, templatesOf } from './env'

const GOOD = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://u:p@db:5432/hy',
  MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  WEAPP_APPID: 'wx1',
  WEAPP_SECRET: 's1',
  OA_APPID: 'wx2',
  OA_SECRET: 's2',
}
const problemsOf = (source: Record<string, string | undefined>): string[] => {
  try {
    readEnv(source)
    return []
  } catch (error) {
    return (error as Error).message.split('\n  ').slice(1)
  }
}

test('what must be given is enough; the rest has defaults fit for production', () => {
  expect(readEnv(GOOD)).toMatchObject({
    NODE_ENV: 'production',
    HOST: '0.0.0.0',
    PORT: 8787,
    WECHAT_API_BASE: 'https://api.weixin.qq.com',
    WECHAT_OAUTH_BASE: 'https://open.weixin.qq.com',
    WECHAT_ALLOW_OTHER_BASE: 'no',
    SMS_PROVIDER: 'none',
    TRUST_PROXY: 0,
    JOBS: 'on',
  })
  expect(readEnv({ ...GOOD, NODE_ENV: undefined }).NODE_ENV).toBe('production')
})

test('one start names every problem', () => {
  const problems = problemsOf({
    ...GOOD,
    DATABASE_URL: 'mysql://x',
    MASTER_KEY: 'short',
    WEAPP_SECRET: undefined,
    PORT: '70000',
    WECHAT_API_BASE: 'http://127.0.0.1:8788',
    WECHAT_OAUTH_BASE: 'http://127.0.0.1:8788',
    SMS_PROVIDER: 'sandbox',
  })
  const named = [
    'DATABASE_URL',
    'MASTER_KEY',
    'WEAPP_SECRET',
    'PORT',
    'WECHAT_API_BASE',
    'WECHAT_OAUTH_BASE',
    'SMS_SANDBOX_URL',
  ]
  for (const name of named) expect(problems.filter((line) => line.startsWith(name))).toHaveLength(1)
  expect(problems).toHaveLength(named.length)
})

test('no settings at all: every needed one is named', () => {
  const problems = problemsOf({}).join('\n')
  for (const name of ['DATABASE_URL', 'MASTER_KEY', 'WEAPP_APPID', 'WEAPP_SECRET', 'OA_APPID', 'OA_SECRET'])
    expect(problems).toContain(name)
})

test.each(['WECHAT_API_BASE', 'WECHAT_OAUTH_BASE'])('%s other than WeChat’s needs a word in production', (name) => {
  const source = { ...GOOD, [name]: 'http://127.0.0.1:8788' }
  expect(problemsOf(source)).toEqual([expect.stringMatching(new RegExp(`^${name} .*WECHAT_ALLOW_OTHER_BASE=yes`))])
  expect(problemsOf({ ...source, WECHAT_ALLOW_OTHER_BASE: 'yes' })).toEqual([])
  expect(problemsOf({ ...source, NODE_ENV: 'test' })).toEqual([])
})

test.each([
  ['DATABASE_URL', 'not a url'],
  ['MASTER_KEY', Buffer.alloc(31).toString('base64')],
  ['PORT', '-1'],
  ['PORT', 'http'],
  ['TRUST_PROXY', '-1'],
  ['REQUESTS_PER_MINUTE', '0'],
  ['WECHAT_PUSH_AES_KEY', 'short'],
  ['WECHAT_ALLOW_OTHER_BASE', 'true'],
  ['SMS_PROVIDER', 'carrier pigeon'],
  ['LOG_LEVEL', 'loud'],
  ['JOBS', 'maybe'],
])('%s may not be %j', (name, value) => {
  expect(problemsOf({ ...GOOD, [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}: `))])
})

test('a problem’s words never repeat a secret', () => {
  expect(problemsOf({ ...GOOD, MASTER_KEY: 'a-secret-of-the-wrong-length' }).join()).not.toContain('a-secret')
})

describe('more apps of the brand', () => {
  const KEY = 'k'.repeat(43)
  const WECHAT_APPS = `weapp:wx3:s3, oa:wx4:s4:token4:${KEY}:garden,`

  test('stand in one setting, each with its secret and, where it differs, its console and open-platform account', () => {
    expect(readEnv({ ...GOOD, WECHAT_APPS }).WECHAT_APPS).toEqual([
      { kind: 'weapp', appid: 'wx3', secret: 's3', platform: '' },
      { kind: 'oa', appid: 'wx4', secret: 's4', platform: 'garden', push: { token: 'token4', aesKey: KEY } },
    ])
    expect(readEnv(GOOD).WECHAT_APPS).toEqual([])
  })

  test('share the main console or have their own', () => {
    const of = (more: object) => pushSetupsOf(readEnv({ ...GOOD, ...more }))
    expect(of({ WECHAT_APPS, WECHAT_PUSH_TOKEN: 'main' })).toEqual([
      { token: 'main', appids: ['wx1', 'wx2', 'wx3'] },
      { token: 'token4', aesKey: KEY, appids: ['wx4'] },
    ])
    expect(of({ WECHAT_APPS }).map(({ appids }) => appids)).toEqual([['wx4']])
    expect(of({})).toEqual([])
  })

  test.each([
    ['web:wx3:s3', 'entry 1 must begin with'],
    ['weapp:wx3:s3,oa:wx4', 'entry 2 must be kind:appid:secret'],
    ['weapp:wx3:s3:t:short', 'entry 1 needs a push token and an AES key'],
    [`weapp:wx3:s3::${KEY}`, 'entry 1 needs a push token and an AES key'],
    ['weapp:wx3:s3,oa:wx3:s4', 'entry 2 names an app twice'],
    ['oa:wx1:s3', 'the main apps do not stand here again'],
  ])('%s is refused without its secret', (given, words) => {
    const [problem, ...rest] = problemsOf({ ...GOOD, WECHAT_APPS: given })
    expect([problem, rest]).toEqual([expect.stringMatching(`^WECHAT_APPS: ${words}`), []])
    expect(problem).not.toContain('s3')
  })
})

test('templates are pairs; what is no pair is passed by', () => {
  const of = (WECHAT_TEMPLATES: string) => templatesOf(readEnv({ ...GOOD, WECHAT_TEMPLATES }))
  expect(of('points_arrived=abc, phone_moved=def')).toEqual({ points_arrived: 'abc', phone_moved: 'def' })
  expect(of('')).toEqual({})
  expect(of('points_arrived')).toEqual({})
})
