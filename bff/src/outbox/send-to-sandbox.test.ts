import { testDatabase } from '../../../test/support/database'
import { PATIENCE_MS } from '../../../test/support/patience'
import {
  createSandbox,
  DEMO_APPS,
  DEMO_TEMPLATES,
  demoApps,
  MORE_APPS,
  ORDER_TEMPLATE,
  type Sandbox,
} from '../../../test/wechat-sandbox'
import { createWechat, memoryTokenStore } from '../wechat'
import { heldClock, newMember, openHouse, type TestHouse } from './outbox.fixture'
import { sendDueMessages } from './send-due-messages'

const SEND = '/cgi-bin/message/subscribe/send'
const TEMPLATE = DEMO_TEMPLATES.points_arrived.templateId
const APPS = { ...DEMO_APPS, more: [MORE_APPS.order] }
const TEMPLATES = { points_arrived: TEMPLATE, [`${MORE_APPS.order.appid}/points_arrived`]: ORDER_TEMPLATE.templateId }

let sandbox: Sandbox
let workers: TestHouse[]
const clock = heldClock()
/** Of the first worker and the one that is in a hurry, which has no time to ask for one. */
const tokenStore = memoryTokenStore()

function worker(url: string, { tokens = memoryTokenStore(), timeoutMs = PATIENCE_MS } = {}): TestHouse {
  const lines: string[] = []
  const write = (...parts: unknown[]) => void lines.push(JSON.stringify(parts))
  const wechat = createWechat({
    apiBase: sandbox.url,
    oauthBase: sandbox.url,
    apps: APPS,
    tokenStore: tokens,
    log: { debug: write, warn: write },
    backoffMs: 1,
    timeoutMs,
  })
  const one = openHouse(url, { wechat, clock, templates: TEMPLATES, weappId: DEMO_APPS.weapp.appid })
  return { ...one, lines }
}

const database = testDatabase()
beforeAll(async () => {
  sandbox = createSandbox({ apps: demoApps(APPS) })
  await sandbox.listen()
  workers = [worker(database.url, { tokens: tokenStore }), worker(database.url)]
})
afterEach(async () => {
  sandbox.control.clearFaults()
  await workers[0]!.ctx.db.outboxMessage.deleteMany()
})
afterAll(async () => {
  await Promise.all(workers.map((one) => one.close()))
  await sandbox.close()
})

let born = 0
/** A person in WeChat and the member behind, with `count` messages allowed on both sides and waiting here. */
async function reader(count = 1, accept = (key: string): unknown => sandbox.control.accept(key, TEMPLATE)) {
  const [one] = workers as [TestHouse]
  const person = sandbox.control.addPerson({ key: `reader-${++born}`, name: '读者' })
  const { memberId } = await newMember(one, { openid: person.openids[DEMO_APPS.weapp.appid]! })
  for (let i = 0; i < count; i++) {
    accept(person.key)
    await one.house.sql('outbox_allow', { memberId, template: 'points_arrived', count: 1, at: one.house.now() })
    const payload = { points: 68, amountFen: 6_800, activeAt: one.house.now(), at: one.house.now() }
    await one.house.sql('outbox_put', { memberId, template: 'points_arrived', payload, at: one.house.now() })
  }
  return { memberId, key: person.key }
}
const arrived = (key: string) => sandbox.control.sent().filter(({ person }) => person === key)
const left = async (memberId: string) =>
  (await workers[0]!.ctx.db.messageConsent.findFirst({ where: { memberId } }))?.remaining
const message = (memberId: string) => workers[0]!.ctx.db.outboxMessage.findFirstOrThrow({ where: { memberId } })
const send = (limit = 20) => sendDueMessages(workers[0]!.ctx, { limit })

test('two workers over HTTP: each message arrives once, never two at a time at one person (43108)', async () => {
  const readers = await Promise.all([3, 3, 3, 3, 3].map((count) => reader(count)))
  sandbox.control.forgetCalls()
  for (let turn = 0; turn < 10; turn++) {
    await Promise.all(workers.map(({ ctx }) => sendDueMessages(ctx, { limit: 20 })))
    clock.pass(2_000)
  }
  for (const { key, memberId } of readers) {
    expect(arrived(key)).toHaveLength(3)
    expect(sandbox.control.consentsLeft(key, TEMPLATE)).toBe(0)
    expect(await left(memberId)).toBe(0)
  }
  expect(sandbox.control.calls(SEND).map(({ errcode }) => errcode)).toEqual(Array(15).fill(0))
})

test('what was allowed in the second mini-program goes out there, with its template, openid and token', async () => {
  const { appid } = MORE_APPS.order
  const inOrder = (key: string) => sandbox.control.accept(key, ORDER_TEMPLATE.templateId, appid)
  const { key, memberId } = await reader(2, inOrder)
  const openid = sandbox.control.people().find((one) => one.key === key)?.openids[appid] as string
  const identity = { kind: 'wechat_openid', issuer: appid, subject: openid, memberId }
  await workers[0]!.ctx.db.identity.create({ data: { ...identity, provenAt: clock.at, firstAt: clock.at } })
  sandbox.control.forgetCalls()
  expect((await send()).sent).toBe(1)
  expect(arrived(key)).toMatchObject([{ appid, openid, templateId: ORDER_TEMPLATE.templateId }])
  // the main app was asked first, and its no was surely not a message
  expect(sandbox.control.calls(SEND).map(({ errcode }) => errcode)).toEqual([43101, 0])
  expect(await left(memberId)).toBe(1)
})

test('WeChat takes the words as they are', async () => {
  const { key } = await reader()
  await send()
  expect(arrived(key)[0]).toMatchObject({ templateId: TEMPLATE, data: { thing1: '到店消费 ¥68.00', number2: '68' } })
})

test('consents withdrawn behind our back (43101): refused, and our counter follows', async () => {
  const { key, memberId } = await reader(2)
  await send()
  sandbox.control.inject({ path: SEND, kind: 'errcode', errcode: 43101, errmsg: 'user refuse to accept the msg' })
  expect((await send()).refused).toBe(1)
  expect(arrived(key)).toHaveLength(1)
  expect(await left(memberId)).toBe(0)
})

test('too busy before it did anything: later, once', async () => {
  const { key, memberId } = await reader()
  sandbox.control.inject({ path: SEND, kind: 'errcode', errcode: 45011 })
  expect((await send()).retried).toBe(1)
  expect(await left(memberId)).toBe(1)
  clock.pass(30_000)
  expect((await send()).sent).toBe(1)
  expect(arrived(key)).toHaveLength(1)
})

test.each([
  ['slow', { kind: 'latency', ms: 700 }, 'timeout'],
  ['cut off', { kind: 'drop' }, 'cut'],
  ['nonsense', { kind: 'garbage' }, 'garbage'],
  ['a server error', { kind: 'http', status: 502 }, 'http'],
  ['"system error"', { kind: 'errcode', errcode: -1 }, 'errcode'],
] as const)('an answer that is %s: sent or not, it is never sent again', async (_what, fault, reason) => {
  const hurried = worker(database.url, { tokens: tokenStore, timeoutMs: 400 })
  const by = fault.kind === 'latency' ? hurried : workers[0]!
  for (const when of ['before', 'after'] as const) {
    // the token is there by now
    await reader()
    await send()
    const { key, memberId } = await reader()
    sandbox.control.inject({ path: SEND, when, ...fault })
    expect((await sendDueMessages(by.ctx, { limit: 20 })).unknown).toBe(1)
    expect((await message(memberId)).outcome).toMatch(reason)
    clock.pass(3_600_000)
    expect((await send()).taken).toBe(0)
    expect(arrived(key).length).toBeLessThanOrEqual(when === 'after' ? 1 : fault.kind === 'latency' ? 1 : 0)
    expect(await left(memberId)).toBe(0)
    await workers[0]!.ctx.db.outboxMessage.deleteMany()
  }
  await hurried.close()
})

test('a token that WeChat has forgotten is replaced on the way', async () => {
  const { key } = await reader()
  sandbox.control.killTokens()
  expect((await send()).sent).toBe(1)
  expect(arrived(key)).toHaveLength(1)
})

test('nobody there at all: it surely did not leave, so it waits', async () => {
  const { memberId } = await reader()
  const gone = createWechat({
    apiBase: 'http://127.0.0.1:9',
    oauthBase: 'http://127.0.0.1:9',
    apps: DEMO_APPS,
    tokenStore: memoryTokenStore(),
    log: { debug: () => {}, warn: () => {} },
    timeoutMs: PATIENCE_MS,
  })
  expect((await sendDueMessages({ ...workers[0]!.ctx, wechat: gone }, { limit: 20 })).retried).toBe(1)
  expect(await message(memberId)).toMatchObject({ state: 'waiting', outcome: 'away' })
  expect(await left(memberId)).toBe(1)
})

test('the log holds neither openid nor words', async () => {
  const { key } = await reader()
  sandbox.control.inject({ path: SEND, kind: 'garbage' })
  await send()
  const openid = sandbox.control.people().find((person) => person.key === key)!.openids[DEMO_APPS.weapp.appid]!
  expect(workers[0]!.lines.length).toBeGreaterThan(0)
  for (const line of workers[0]!.lines) expect(line).not.toMatch(new RegExp(`${openid}|到店消费`))
})
