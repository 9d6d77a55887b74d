import { readEnv, templatesOf } from './env'

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

test('templates are pairs; what is no pair is passed by', () => {
  const of = (WECHAT_TEMPLATES: string) => templatesOf(readEnv({ ...GOOD, WECHAT_TEMPLATES }))
  expect(of('points_arrived=abc, phone_moved=def')).toEqual({ points_arrived: 'abc', phone_moved: 'def' })
  expect(of('')).toEqual({})
  expect(of('points_arrived')).toEqual({})
})
