import { once } from 'node:events'
import { seedFor } from '../story/demo-people.fixture'
import { testDatabase } from '../support/database'
import { until } from '../support/patience'
import {
  type BffProcess,
  faultOf,
  join,
  type RunningHouse,
  signIn,
  startBff,
  startHouse,
} from '../support/running-house'
import { DEMO_APPS } from '../wechat-sandbox'
import { type CutLine, cutLine } from './cut-line.fixture'

const database = testDatabase()
let line: CutLine
let house: RunningHouse
let url: string

/** The same database, by way of the line. */
function throughLine(databaseUrl: string): string {
  const address = new URL(databaseUrl)
  address.host = `127.0.0.1:${line.port}`
  return address.href
}

beforeAll(async () => {
  const { hostname, port } = new URL(database.url)
  line = await cutLine({ host: hostname, port: Number(port || 5432) })
  house = await startHouse(throughLine(database.url))
  url = house.bffs[0]?.url as string
  await seedFor(database.url, house.masterKey)
})
afterAll(async () => {
  await house?.stop()
  await line?.close()
})

/** Starts one more server on this house's settings. */
const another = (env: Record<string, string>): Promise<BffProcess> => startBff({ ...house.env, ...env })

test('health: alive is not ready when the database is gone, and ready again by itself', async () => {
  const ready = async () => (await fetch(`${url}/health/ready`)).status
  expect(await ready()).toBe(200)
  line.cut()
  expect(await ready()).toBe(503)
  expect((await fetch(`${url}/health/live`)).status).toBe(200)
  line.mend()
  await until(ready, (status) => status === 200)
})

test('a database that is away is told in a clear fault; afterwards everything works without a restart', async () => {
  const mei = await signIn(house.sandbox, url, 'mei')
  expect((await mei.api.home.show.query()).card.tier).toBeGreaterThanOrEqual(1)
  line.cut()
  expect(await faultOf(mei.api.home.show.query())).toEqual({ code: 'SERVICE_AWAY', detail: {} })
  line.mend()
  const nameOf = () =>
    mei.api.home.show.query().then(
      (home) => home.card.displayName,
      () => null,
    )
  expect(await until(nameOf, (name) => name !== null)).toBe('小梅')
})

test('WeChat slow, failing or talking nonsense: signing in tells it, everything else works', async () => {
  const mei = await signIn(house.sandbox, url, 'mei')
  for (const fault of [
    { kind: 'errcode', errcode: -1 },
    { kind: 'garbage', body: '<html>' },
    { kind: 'http', status: 502 },
    { kind: 'drop' },
  ] as const) {
    house.sandbox.control.inject({ path: '/sns/jscode2session', count: 1, ...fault })
    expect(await faultOf(signIn(house.sandbox, url, 'qing'))).toEqual({ code: 'WECHAT_DOWN', detail: {} })
    expect((await mei.api.home.show.query()).card.displayName).toBe('小梅')
  }
  house.sandbox.control.inject({ path: '/sns/jscode2session', count: 1, kind: 'errcode', errcode: 40226 })
  expect(await faultOf(signIn(house.sandbox, url, 'qing'))).toEqual({ code: 'WECHAT_BLOCKED', detail: {} })
})

test('too many requests are told when to come back', async () => {
  const small = await another({ REQUESTS_PER_MINUTE: '5' })
  const ping = () => fetch(`${small.url}/trpc/ping`)
  for (let n = 0; n < 5; n++) expect((await ping()).status).toBe(200)
  const refused = await ping()
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(((await refused.json()) as { error: { data: { fault: { code: string } } } }).error.data.fault.code).toBe(
    'TOO_MANY',
  )
  await small.stop()
})

test('a server told to end finishes what it has begun, says that it is not ready, and loses nothing', async () => {
  const leaving = await another({})
  house.sandbox.control.inject({ path: '/sns/jscode2session', count: 1, kind: 'latency', ms: 800 })
  const running = join(house.sandbox, leaving.url, 'he')
  // sent later and answered: the sign-in is under way by now, however slow this machine is
  for (let n = 0; n < 5; n++) expect((await fetch(`${leaving.url}/health/live`)).status).toBe(200)
  leaving.child.kill('SIGTERM')
  const opened = await running.catch((error) => error)
  // the sign-in that was under way was answered; its next call found nobody
  expect(String(opened)).toMatch(/fetch failed|ECONNREFUSED|\[object Object\]/)
  const [code] = leaving.child.exitCode === null ? await once(leaving.child, 'exit') : [leaving.child.exitCode]
  expect(code).toBe(0)
  expect(leaving.lines.some((one) => one.includes('"path":"/trpc/session.open"') && one.includes('"status":200'))).toBe(
    true,
  )
})

test('answers carry no powered-by, no sniffing, no store; pages carry a content security policy', async () => {
  const api = await fetch(`${url}/trpc/ping`)
  expect(api.headers.get('x-powered-by')).toBeNull()
  expect(api.headers.get('x-content-type-options')).toBe('nosniff')
  expect(api.headers.get('cache-control')).toBe('no-store')
  expect(api.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  const page = await fetch(`${url}/h5-config.json`)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(await page.json()).toMatchObject({ oauthAppid: DEMO_APPS.oa.appid })
  expect((await fetch(`${url}/h5-config.json?app=wx0`)).status).toBe(400)
})

test('a bad setting stops the start and every problem is named', async () => {
  const started = another({ MASTER_KEY: 'short', PORT: 'seven', NODE_ENV: 'production' })
  await expect(started).rejects.toThrow(/MASTER_KEY[\s\S]*PORT|PORT[\s\S]*MASTER_KEY/)
  await expect(another({ NODE_ENV: 'production' })).rejects.toThrow(/WECHAT_ALLOW_OTHER_BASE|api\.weixin\.qq\.com/)
})
