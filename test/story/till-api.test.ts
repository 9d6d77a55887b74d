import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv2020 from 'ajv/dist/2020'
import addFormats from 'ajv-formats'
import { openDatabase } from '../../bff/src/db'
import { testDatabase } from '../support/database'
import { expectLedgerProven } from '../support/ledger'
import { PROJECT } from '../support/project'
import { type Person, type RunningHouse, signIn, startBff, startHouse } from '../support/running-house'
import { sell } from '../till-client/example'
import { type Call, type Moment, signCall, type TillKey, thisMoment } from '../till-client/sign'
import { openTill, type Till, TillRefusal } from '../till-client/till-client'
import { codeOn, enrol, seedFor } from './demo-people.fixture'

const database = testDatabase()
let house: RunningHouse
let url: string
let manager: Person
let mei: Person
let key: TillKey
let foreignKey: TillKey
let till: Till
let check: (call: Call, status: number, answer: unknown) => void

beforeAll(async () => {
  house = await startHouse(database.url)
  url = house.bffs[0]?.url as string
  await seedFor(database.url, house.masterKey)
  check = await documentOf(url)
  ;[manager, mei] = await Promise.all([signIn(house.sandbox, url, 'zhou'), signIn(house.sandbox, url, 'mei')])
  key = await newKey('hubin-1')
  // the manager works in the other store for a moment
  const books = openDatabase(database.url, 1)
  const worksAt = (storeId: string) =>
    books.prisma.staff.update({ where: { memberId: manager.memberId }, data: { storeId } })
  await worksAt('xihu')
  foreignKey = await newKey('xihu-1')
  await worksAt('hubin')
  await books.close()
  till = tillOf(key)
})
afterAll(() => house?.stop())

async function newKey(tillId: string): Promise<TillKey> {
  const { keyId, secret } = await manager.api.till.createKey.mutate({
    requestId: randomUUID(),
    tillId,
    label: '测试收银',
  })
  return { keyId, secret: secret as string }
}

const tillOf = (own: TillKey, at = url) => openTill({ url: at, key: own, fetch: checkedFetch, tries: 1 })

/** Every answer of this run is held against the document, refusals too. */
const checkedFetch: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init)
  const call = { method: init?.method as Call['method'], path: new URL(String(input)).pathname, body: '' }
  check(call, answer.status, await answer.clone().json())
  return answer
}

interface Document {
  paths: Record<string, Record<string, { responses: Record<number, { $ref?: string }> }>>
}

/** The document of a running server, the one of docs that `pnpm check` validates, as a check of answers. */
async function documentOf(at: string) {
  const document = (await (await fetch(`${at}/api/v1/openapi.json`)).json()) as Document
  expect(document).toEqual(JSON.parse(readFileSync(join(PROJECT, 'docs', 'till-api.json'), 'utf8')))
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats(ajv)
  ajv.addSchema(document, 'till')
  const responseOf = (path: string, method: string, status: number) => {
    const response = document.paths[path]?.[method]?.responses[status]
    return response?.$ref ?? `#/paths/${path.replaceAll('/', '~1')}/${method}/responses/${status}`
  }
  return (call: Call, status: number, answer: unknown) => {
    const path = call.path.replace('/api/v1', '').replace(/^\/orders\/\d.*/, '/orders/{orderNo}')
    const $ref = `till${responseOf(path, call.method.toLowerCase(), status)}/content/application~1json/schema`
    const fits = ajv.getSchema($ref) ?? ajv.compile({ $ref })
    fits(answer)
    expect({ call: `${call.method} ${path} ${status}`, errors: fits.errors, answer }).toMatchObject({ errors: null })
  }
}

/** A call signed by hand, so that anything about it can be wrong. → status and code */
async function sent(
  by: TillKey,
  input: unknown,
  {
    path = '/orders/settle',
    moment = thisMoment(),
    change = {},
  }: {
    path?: string
    moment?: Moment
    change?: Record<string, string>
  } = {},
) {
  const call: Call = { method: 'POST', path: `/api/v1${path}`, body: JSON.stringify(input) }
  const headers = { ...signCall(by, call, moment), 'content-type': 'application/json', ...change }
  const answer = await checkedFetch(`${url}${call.path}`, { method: 'POST', body: call.body, headers })
  const told = (await answer.json()) as { fault?: { code: string; detail: Record<string, unknown> } }
  return { status: answer.status, code: told.fault?.code ?? null, told }
}

const refusal = async (call: Promise<unknown>) => {
  const error = (await call.catch((thrown: unknown) => thrown)) as TillRefusal
  expect(error).toBeInstanceOf(TillRefusal)
  return { status: error.status, code: error.code, detail: error.detail }
}

test('a till sells by articles, takes one back and the rest, and everything sent again is answered as before', async () => {
  const phone = await enrol(mei.api)
  const { products } = await till.listProducts()
  const [one, other] = products.filter(({ state }) => state === 'on') as [(typeof products)[0], (typeof products)[0]]
  const cart = {
    lines: [
      { sku: one.sku, qty: 2 },
      { sku: other.sku, qty: 1 },
    ],
    fullFen: 500,
  }

  const shown: string[][] = []
  const cashier = { say: (words: string[]) => void shown.push(words), collect: async (fen: number) => fen > 0 }
  const sold = await sell(till, codeOn(phone), cart, cashier)
  expect(shown.flat().join()).toMatch(/./)
  expect(sold).toMatchObject({ orderNo: expect.stringMatching(/^\d{6}-/) })
  const { orderNo, amountFen } = sold as NonNullable<typeof sold>
  expect(amountFen).toBeLessThanOrEqual(2 * one.priceFen + other.priceFen + 500)

  const order = await till.getOrder(orderNo)
  expect(order).toMatchObject({ orderNo, amountFen, refundedFen: 0, state: 'settled' })
  expect(order.lines.map(({ sku, qty }) => [sku, qty])).toEqual([
    [one.sku, 2],
    [other.sku, 1],
    [null, 1],
  ])
  const wish = { requestId: randomUUID(), orderNo, lines: [{ lineNo: 1, qty: 1 }] }
  const back = await till.refund(wish)
  expect(back.refundedFen + back.leftFen).toBe(amountFen)
  // the same command again, signed afresh: done once, answered the same
  expect(await till.refund(wish)).toEqual(back)
  expect(await refusal(till.refund({ ...wish, lines: [{ lineNo: 1, qty: 2 }] }))).toMatchObject({
    code: 'REQUEST_REUSED',
  })
  const half = await till.refund({ requestId: randomUUID(), orderNo, refundFen: 100 })
  expect(half.leftFen).toBe(back.leftFen - 100)
  await till.refund({ requestId: randomUUID(), orderNo })
  expect(await till.getOrder(orderNo)).toMatchObject({ state: 'returned', refundedFen: amountFen })
  expect(await refusal(till.refund({ requestId: randomUUID(), orderNo }))).toMatchObject({
    status: 409,
    code: 'RETURN_DONE',
  })

  // somebody who does not pay after all; and the code that was used
  const broke = { ...cashier, collect: async () => false }
  const next = codeOn(phone, 1)
  expect(await sell(till, next, cart, broke)).toBeNull()
  expect(await refusal(sell(till, next, cart, broke))).toMatchObject({ status: 409, code: 'CODE_USED' })

  // without a network: decided once, by the till's own number
  const soldAt = new Date(Date.now() - 60_000).toISOString()
  const entry = { sequence: 1, code: codeOn(phone, -2), scannedAt: soldAt, soldAt, amountFen: 1_800 }
  const { results } = await till.syncOffline({ requestId: randomUUID(), entries: [entry] })
  expect(results).toMatchObject([{ sequence: 1, state: 'settled', orderNo: expect.any(String) }])
  expect(await till.syncOffline({ requestId: randomUUID(), entries: [entry] })).toEqual({ results })
  expect(await till.getOrder(results[0]?.orderNo as string)).toMatchObject({ amountFen: 1_800 })
  await expectLedgerProven(database.url)
})

test('refuses what is wrong about a call, each in its own way, and never says more', async () => {
  const { memberNo } = await mei.api.member.me.query()
  const { visitId, memberRef } = await till.findVisit({ requestId: randomUUID(), memberNo })
  const settle = () => ({ requestId: randomUUID(), visitId, memberRef, amountFen: 1_000 })

  const twice = { moment: thisMoment() }
  const first = settle()
  expect(await sent(key, first, twice)).toMatchObject({ status: 200 })
  expect(await sent(key, first, twice)).toMatchObject({ status: 409, code: 'SIGNATURE_REPLAYED' })
  const again = await sent(key, first)
  expect(again).toMatchObject({ status: 200 })

  const { time, nonce } = thisMoment()
  const off = (seconds: number) => ({ moment: { time: time + seconds, nonce } })
  expect(await sent({ ...key, secret: `${key.secret}x` }, settle())).toMatchObject({
    status: 401,
    code: 'SIGNATURE_BAD',
  })
  for (const seconds of [-400, 400]) {
    const { status, code, told } = await sent(key, settle(), off(seconds))
    expect([status, code]).toEqual([401, 'SIGNATURE_OLD'])
    expect(Math.abs((told.fault?.detail.serverNow as number) - Date.now())).toBeLessThan(60_000)
  }
  expect(await sent({ ...key, keyId: randomUUID() }, settle())).toMatchObject({ status: 401, code: 'KEY_UNKNOWN' })
  expect(await sent(key, settle(), { change: { 'huiyuan-nonce': 'short' } })).toMatchObject({ code: 'SIGNATURE_BAD' })
  expect(await sent(key, settle(), { change: { 'huiyuan-key': 'x' } })).toMatchObject({ code: 'KEY_UNKNOWN' })
  expect(await sent(foreignKey, settle())).toMatchObject({ status: 404, code: 'VISIT_UNKNOWN' })
  const { orderNo } = again.told as unknown as { orderNo: string }
  expect(await refusal(tillOf(foreignKey).getOrder(orderNo))).toMatchObject({ status: 404, code: 'NOT_FOUND' })
  expect(await refusal(tillOf(foreignKey).refund({ requestId: randomUUID(), orderNo }))).toMatchObject({
    code: 'NOT_FOUND',
  })
  // what is not a number is not read as one
  for (const amountFen of [true, '1000', null, [], 1.5, -1])
    expect(await sent(key, { ...settle(), amountFen })).toMatchObject({ status: 400, code: 'BAD_INPUT' })
  expect(await sent(key, { ...settle(), amonutFen: 1 })).toMatchObject({ status: 400, code: 'BAD_INPUT' })
  expect(await sent(key, { ...settle(), memberRef: 'x'.repeat(300_000) })).toMatchObject({
    status: 413,
    code: 'TOO_LARGE',
  })

  const brief = await newKey('hubin-2')
  await tillOf(brief).listProducts()
  await manager.api.till.revokeKey.mutate({ requestId: randomUUID(), keyId: brief.keyId })
  expect(await refusal(tillOf(brief).listProducts())).toMatchObject({ status: 401, code: 'KEY_UNKNOWN' })

  const log = house.bffs.flatMap(({ lines }) => lines).join('\n')
  expect(log).not.toMatch(/request failed|verb failed/)
  for (const secret of [key.secret, foreignKey.secret, memberRef, memberNo, nonce, 'huiyuan-signature'])
    expect(log).not.toContain(secret)
})

test('a till whose clock is off learns the server’s and goes on; one that asks too often is told to wait, and others are not', async () => {
  let clockSet = false
  const slow = openTill({
    url,
    key,
    tries: 2,
    fetch: (input, init) => {
      const headers = init?.headers as Record<string, string>
      const old = !clockSet && { 'huiyuan-time': String(Number(headers['huiyuan-time']) - 4_000) }
      clockSet = true
      return checkedFetch(input, { ...init, headers: { ...headers, ...old } })
    },
  })
  expect((await slow.listProducts()).products.length).toBeGreaterThan(5)

  const small = await startBff({ ...house.env, TILL_CALLS_PER_MINUTE: '3' })
  const [busy, calm] = [tillOf(key, small.url), tillOf(await newKey('hubin-2'), small.url)]
  for (let n = 0; n < 3; n++) await busy.listProducts()
  const { status, code, detail } = await refusal(busy.listProducts())
  expect([status, code]).toEqual([429, 'TOO_MANY'])
  expect(detail.retryAfterSeconds).toBeGreaterThan(0)
  await calm.listProducts()
  await small.stop()
})

test('a body that is packed, broken off or no JSON, and an operation that is not there', async () => {
  const post = async (more: Record<string, string>, path = '/api/v1/orders/settle') => {
    const headers = { ...signCall(key, { method: 'POST', path, body: '{' }, thisMoment()), ...more }
    const answer = await fetch(`${url}${path}`, { method: 'POST', body: '{', headers })
    return { status: answer.status, told: await answer.json() }
  }
  const malformed = { status: 400, told: { fault: { code: 'BAD_INPUT', detail: { fields: [{ path: '' }] } } } }
  expect(await post({})).toMatchObject(malformed)
  expect(await post({ 'content-encoding': 'gzip' })).toMatchObject(malformed)
  const nothing = { fault: { code: 'NOT_FOUND', detail: { noun: 'operation' } } }
  expect(await post({}, '/api/v1/orders/steal')).toEqual({ status: 404, told: nothing })
  // its operations are reached in this way only
  for (const path of ['/trpc/settle', '/trpc/till.settle']) expect(await post({}, path)).toMatchObject({ status: 404 })
})
