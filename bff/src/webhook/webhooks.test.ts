import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newMember, newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { findOrder, returnOrder, settleOrder } from '../order'
import { mayCall } from '../outside'
import { createWebhook, type WebhookEvent } from './create-webhook'
import { endWebhook } from './end-webhook'
import { listDeliveries, listWebhooks } from './list-webhooks'
import { resendDelivery } from './resend-delivery'
import { forgetDeliveries, sendDueWebhooks } from './send-due-webhooks'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const database = testDatabase()
let one: TestHouse
let manager: Colleague
let receiver: Server
let url: string
/** What arrived, and what the next calls are answered with. */
let heard: { path: string; headers: Record<string, string>; body: string }[] = []
let answers: number[] = []

beforeAll(async () => {
  // the library that receivers use looks at the real clock
  one = testHouse(database.url, { clock: { at: new Date(), pass: () => {} } })
  one.clock.pass = (ms) => {
    one.clock.at = new Date(one.clock.at.getTime() + ms)
  }
  manager = await newStaff(one, { role: 'manager' })
  receiver = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    heard.push({
      path: req.url as string,
      headers: req.headers as Record<string, string>,
      body: Buffer.concat(chunks).toString(),
    })
    const status = answers.shift() ?? 200
    // a redirect leads to the same receiver, where it would be heard; an answer without end must not be waited for
    res.writeHead(status, status === 302 ? { location: `${url}/redirected` } : {})
    res.end('x'.repeat(200_000))
  }).listen(0, '127.0.0.1')
  await new Promise((ready) => receiver.once('listening', ready))
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
})
beforeEach(() => {
  heard = []
  answers = []
})
afterAll(async () => {
  await one.close()
  receiver.close()
})

const create = (events: WebhookEvent[] = ['order.settled', 'order.returned'], by = manager, path = '/hook') =>
  createWebhook(by.ctx, by, { requestId: randomUUID(), url: `${url}${path}`, events })
const send = () => sendDueWebhooks(one.as(), { limit: 20 })
async function sell(by = manager, amountFen = 10_000) {
  const visit = await newVisit(one, await newMember(one), by)
  const { visitId, memberRef } = visit
  const settle = { requestId: randomUUID(), visitId, memberRef, amountFen }
  await settleOrder(by.ctx, by, settle)
  return settleOrder(by.ctx, by, settle)
}
const rows = (webhookId: string) =>
  one.as().db.webhookDelivery.findMany({ where: { webhookId }, orderBy: { createdAt: 'asc' } })

test('each order is told once to each webhook that wants it: signed, again after a 500, with nothing of the member', async () => {
  const [both, settledOnly] = [await create(), await create(['order.settled'], manager, '/settled')]
  const elsewhere = await newStaff(one, { role: 'manager' })
  const other = await create(undefined, elsewhere, '/other')
  const { orderNo } = await sell()
  const back = {
    requestId: randomUUID(),
    orderRef: (await findOrder(one.as(), manager, orderNo)).orderRef,
    refundFen: 4_000,
  }
  await returnOrder(manager.ctx, manager, back)
  await returnOrder(manager.ctx, manager, back)
  expect((await rows(both.webhookId)).map(({ event }) => event).sort()).toEqual(['order.returned', 'order.settled'])
  expect((await rows(settledOnly.webhookId)).map(({ event }) => event)).toEqual(['order.settled'])
  expect(await rows(other.webhookId)).toEqual([])

  answers = [500, 302, 204]
  expect(await send()).toEqual({ taken: 3, sent: 1, waiting: 2, given_up: 0 })
  expect(await send()).toMatchObject({ taken: 0 })
  one.clock.pass(20_000)
  expect(await send()).toMatchObject({ taken: 2, sent: 2 })
  expect(heard.map(({ path }) => path)).not.toContain('/redirected')
  expect(heard).toHaveLength(5)
  expect(new Set(heard.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
  const secretOf = (path: string) => (path === '/hook' ? both : settledOnly).secret as string
  for (const { path, headers, body } of heard) {
    const told = new Webhook(secretOf(path)).verify(body, headers) as { type: string; data: Record<string, unknown> }
    expect(told.data).toMatchObject({ orderNo, storeId: manager.storeId, tillId: manager.tillId })
    expect(body).not.toMatch(/member|name|phone|openid/i)
    expect(() => new Webhook(other.secret as string).verify(body, headers)).toThrow()
  }
  const returned = heard.find(({ body }) => body.includes('order.returned'))
  expect(JSON.parse(returned?.body as string).data).toMatchObject({
    ...{ nth: 1, refundedFen: 4_000, refundedTotalFen: 4_000, leftFen: 6_000 },
  })
  const stored = await one.as().db.webhook.findMany()
  for (const { secretSealed } of stored) expect(Buffer.from(secretSealed).toString('latin1')).not.toContain('whsec_')
})

test('64 workers at once post each of 8 events once; one that is always down keeps no other waiting', async () => {
  const [up, down] = [await newStaff(one, { role: 'manager' }), await newStaff(one, { role: 'manager' })]
  const told = await create(['order.settled'], up)
  const dead = await createWebhook(down.ctx, down, {
    requestId: randomUUID(),
    url: 'http://127.0.0.1:9/',
    events: ['order.settled'],
  })
  for (let n = 0; n < 6; n++) await sell(down, 100)
  for (let n = 0; n < 8; n++) await sell(up, 100)
  const first = await send()
  expect(first.sent).toBeGreaterThan(0)
  await Promise.all(Array.from({ length: 64 }, () => sendDueWebhooks(one.as(), { limit: 3 })))
  const before = heard.length
  expect((await rows(told.webhookId)).every(({ state, attempts }) => state === 'sent' && attempts === 1)).toBe(true)
  expect(before).toBe(8)
  expect((await rows(dead.webhookId)).filter(({ state }) => state === 'waiting')).toHaveLength(6)
  await endWebhook(down.ctx, down, { requestId: randomUUID(), webhookId: dead.webhookId })
})

test('a day of waits that grow, then it is given up and can be sent again by hand; days of silence end the webhook', async () => {
  const store = await newStaff(one, { role: 'manager' })
  const { webhookId } = await create(['order.settled'], store)
  await sell(store)
  const from = one.clock.at.getTime()
  const waits: number[] = []
  answers = Array(20).fill(503)
  for (let state = 'waiting'; state === 'waiting'; ) {
    const [row] = await rows(webhookId)
    waits.push(one.clock.at.getTime() - from)
    one.clock.at = new Date(Math.max(one.clock.at.getTime(), row?.nextAt.getTime() as number))
    await send()
    state = (await rows(webhookId))[0]?.state as string
  }
  expect(waits.length).toBeGreaterThan(7)
  expect(waits.length).toBeLessThan(14)
  expect(waits.every((wait, n) => n < 2 || wait > (waits[n - 1] as number))).toBe(true)
  expect(one.clock.at.getTime() - from).toBeLessThanOrEqual(DAY)
  expect(one.clock.at.getTime() - from).toBeGreaterThan(DAY / 2)

  const [given] = (await listDeliveries(store.ctx, store, { webhookId })).deliveries
  expect(given).toMatchObject({ state: 'given_up', lastStatus: 503, nextAt: null, sentAt: null })
  const again = { requestId: randomUUID(), deliveryId: given?.deliveryId as string }
  await refusalOf(resendDelivery(manager.ctx, manager, again), 'NOT_FOUND')
  await resendDelivery(store.ctx, store, again)
  answers = []
  expect(await send()).toMatchObject({ sent: 1 })
  expect((await listDeliveries(store.ctx, store, { webhookId })).deliveries[0]).toMatchObject({ state: 'sent' })

  // one event that is never taken, beside others that are, is given up by itself
  await sell(store)
  answers = Array(40).fill(500)
  await send()
  one.clock.pass(DAY / 2)
  await sell(store)
  await one.as().db.webhookDelivery.updateMany({
    where: { webhookId, attempts: 1, state: 'waiting' },
    data: { nextAt: new Date(8.64e14) },
  })
  answers = []
  expect(await send()).toMatchObject({ sent: 1 })
  await one
    .as()
    .db.webhookDelivery.updateMany({ where: { webhookId, state: 'waiting' }, data: { nextAt: one.clock.at } })
  one.clock.pass(DAY)
  answers = Array(40).fill(500)
  expect(await send()).toMatchObject({ given_up: 1 })
  expect((await listWebhooks(store.ctx, store)).webhooks).toMatchObject([{ endedAt: null }])

  for (let day = 0; day < 6; day++) {
    await sell(store)
    one.clock.pass(DAY)
    answers = Array(40).fill(500)
    await send()
  }
  const [webhook] = (await listWebhooks(store.ctx, store)).webhooks
  expect(webhook).toMatchObject({ webhookId, endedBySilence: true })
  await refusalOf(resendDelivery(store.ctx, store, { ...again, requestId: randomUUID() }), 'NOT_FOUND')
  await sell(store)
  expect(await send()).toMatchObject({ taken: 0 })
  one.clock.pass(31 * DAY)
  expect(await forgetDeliveries(one.as())).toBeGreaterThan(7)
})

test('beside orders of the same moment it ends for good: nothing is left to be told', async () => {
  const store = await newStaff(one, { role: 'manager' })
  const { webhookId } = await create(['order.settled'], store)
  const sales = Array.from({ length: 8 }, () => sell(store, 100))
  await Promise.all([...sales, endWebhook(store.ctx, store, { requestId: randomUUID(), webhookId })])
  expect((await rows(webhookId)).filter(({ state }) => state === 'waiting')).toEqual([])
})

test('only a manager of the store sees, makes and ends its webhooks', async () => {
  const { webhookId } = await create()
  const stranger = await newStaff(one, { role: 'manager' })
  const clerk = await newStaff(one, { shop: manager })
  await refusalOf(create(undefined, clerk), 'ROLE_NEEDED')
  expect((await listWebhooks(stranger.ctx, stranger)).webhooks).toEqual([])
  await refusalOf(listDeliveries(stranger.ctx, stranger, { webhookId }), 'NOT_FOUND')
  await refusalOf(endWebhook(stranger.ctx, stranger, { requestId: randomUUID(), webhookId }), 'NOT_FOUND')
  await endWebhook(manager.ctx, manager, { requestId: randomUUID(), webhookId })
  const own = (await listWebhooks(manager.ctx, manager)).webhooks.find((webhook) => webhook.webhookId === webhookId)
  expect(own).toMatchObject({ endedBySilence: false })
  expect(own?.endedAt).not.toBeNull()
})

describe('addresses', () => {
  /** Names as the internet answers them; one that changes its mind is what a rebinding attack is. */
  const names: Record<string, string[]> = {
    'hooks.example.com': ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'],
    'inside.example.com': ['10.0.0.5'],
    'mixed.example.com': ['93.184.215.14', '127.0.0.1'],
    'six.example.com': ['::1'],
  }
  const outside = {
    allowLocal: false,
    resolve: async (name: string) => {
      if (!names[name]) throw new Error('ENOTFOUND')
      return names[name].map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
  }

  test.each([
    'https://hooks.example.com/a',
    'https://hooks.example.com:8443/a?b=c',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
  ])('%s may be called', async (address) => expect(await mayCall(address, outside)).toBe(true))

  test.each([
    ...['not an address', 'ftp://hooks.example.com/', 'http://hooks.example.com/', 'https://a:b@hooks.example.com/'],
    ...[
      'https://nobody.example.com/',
      'https://inside.example.com/',
      'https://mixed.example.com/',
      'https://six.example.com/',
    ],
    ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f.1/', 'https://0/', 'https://169.254.169.254/latest'],
    ...[
      'https://10.1.2.3/',
      'https://172.31.0.1/',
      'https://192.168.1.1/',
      'https://100.64.0.1/',
      'https://224.0.0.1/',
    ],
    ...['https://[::1]/', 'https://[::]/', 'https://[fe80::1]/', 'https://[fd00::1]/', 'https://[::ffff:127.0.0.1]/'],
    ...['https://[64:ff9b::7f00:1]/', 'https://[2002:7f00:1::]/', 'https://[2001:db8::1]/', 'https://[ff02::1]/'],
  ])('%s may not', async (address) => expect(await mayCall(address, outside)).toBe(false))

  test('one that leads inside is refused when it is saved, and is not called when its name leads there later', async () => {
    const closed = testHouse(database.url, { outside, clock: one.clock })
    const store = await newStaff(closed, { role: 'manager' })
    const wish = (address: string) => ({ requestId: randomUUID(), url: address, events: ['order.settled' as const] })
    await refusalOf(createWebhook(store.ctx, store, wish('https://inside.example.com/')), 'WEBHOOK_ADDRESS')
    const { webhookId } = await createWebhook(store.ctx, store, wish(`https://hooks.example.com/`))
    await sell(store)
    names['hooks.example.com'] = ['127.0.0.1']
    expect(await sendDueWebhooks(closed.as(), { limit: 20 })).toMatchObject({ taken: 1, sent: 0, waiting: 1 })
    expect(await rows(webhookId)).toMatchObject([{ attempts: 1, lastStatus: null }])
    expect(heard).toEqual([])
    await closed.close()
  })
})
