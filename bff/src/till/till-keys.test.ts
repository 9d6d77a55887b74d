import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { verifyAudit } from '../audit/verify-audit'
import { ctxOf } from '../ctx'
import { settleOrder } from '../order'
import { listShift } from '../order/list-shift'
import { Refusal } from '../refusal'
import { findVisit } from '../visit'
import { admitCall, forgetNonces, type Headers } from './api/admit-call'
import { createKey } from './create-key'
import { listKeys } from './list-keys'
import { revokeKey } from './revoke-key'

const database = testDatabase()
let one: TestHouse
let two: TestHouse
let manager: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  two = testHouse(database.url, { clock: one.clock })
  manager = await newStaff(one, { role: 'manager' })
})
afterAll(() => Promise.all([one.close(), two.close()]))

interface Key {
  keyId: string
  secret: string
}
const newKey = async (by = manager): Promise<Key> => {
  const { keyId, secret } = await createKey(by.ctx, by, { requestId: randomUUID(), tillId: by.tillId, label: '收银机' })
  return { keyId, secret: secret as string }
}

const CALL = { method: 'POST', path: '/api/v1/orders/settle?x=1', body: Buffer.from('{"a":1}') }
/** As a till system signs, written anew from the words of docs/till-api.md. */
function signed({ keyId, secret }: Key, { secondsOff = 0, call = CALL } = {}): Headers {
  const time = String(Math.floor(one.clock.at.getTime() / 1_000) + secondsOff)
  const nonce = randomBytes(16).toString('base64url')
  const hash = createHash('sha256').update(call.body).digest('hex')
  const text = `v1\n${call.method}\n${call.path}\n${time}\n${nonce}\n${hash}`
  const signature = createHmac('sha256', secret).update(text).digest('hex')
  return { 'huiyuan-key': keyId, 'huiyuan-time': time, 'huiyuan-nonce': nonce, 'huiyuan-signature': signature }
}

test('a key is a manager’s to make and to end; its secret is shown once, and again for ten minutes to the same command', async () => {
  const wish = { requestId: randomUUID(), tillId: manager.tillId, label: '收银机' }
  const made = await createKey(manager.ctx, manager, wish)
  expect(made.secret).toMatch(/^hyt_[\w-]{43}$/)
  expect(await createKey(manager.ctx, manager, wish)).toEqual(made)
  const stored = await one.as().db.request.findFirstOrThrow({ where: { requestId: wish.requestId } })
  expect(stored.answer).toEqual({ keyId: made.keyId })
  one.clock.pass(10 * 60_000)
  expect(await createKey(manager.ctx, manager, wish)).toEqual({ keyId: made.keyId, secret: null })

  const clerk = await newStaff(one, { shop: manager })
  await refusalOf(createKey(clerk.ctx, clerk, { ...wish, requestId: randomUUID() }), 'ROLE_NEEDED')
  const stranger = await newStaff(one, { role: 'manager' })
  await refusalOf(createKey(stranger.ctx, stranger, { ...wish, requestId: randomUUID() }), 'TILL_UNKNOWN')
  await refusalOf(revokeKey(stranger.ctx, stranger, { requestId: randomUUID(), keyId: made.keyId }), 'NOT_FOUND')
  expect((await listKeys(stranger.ctx, stranger)).keys).toEqual([])

  const { revokedAt } = await revokeKey(manager.ctx, manager, { requestId: randomUUID(), keyId: made.keyId })
  one.clock.pass(60_000)
  expect(await revokeKey(manager.ctx, manager, { requestId: randomUUID(), keyId: made.keyId })).toEqual({ revokedAt })
  expect((await listKeys(manager.ctx, manager)).keys).toMatchObject([
    { keyId: made.keyId, revokedAt, lastUsedAt: null },
  ])
  const verbs = await one.as().db.auditEntry.findMany({ where: { subject: made.keyId }, select: { verb: true } })
  expect(verbs.map(({ verb }) => verb)).toEqual(['till.key', 'till.revoke'])
})

test('64 times the same signed call at two servers: one is let in; each with a nonce of its own: all are', async () => {
  const key = await newKey()
  const at = (n: number) => (n % 2 ? two : one).house
  const same = signed(key)
  const ends = await Promise.allSettled(Array.from({ length: 64 }, (_, n) => admitCall(at(n), same, CALL)))
  const refused = ends.flatMap((end) => (end.status === 'rejected' ? [(end.reason as Refusal).fault.code] : []))
  expect(refused).toEqual(Array(63).fill('SIGNATURE_REPLAYED'))
  const many = await Promise.all(Array.from({ length: 64 }, (_, n) => admitCall(at(n), signed(key), CALL)))
  const { storeId, tillId } = manager
  expect(many).toEqual(Array(64).fill({ memberId: key.keyId, keyId: key.keyId, storeId, tillId }))
})

test('whatever of a signed call is changed, it is not let in', async () => {
  const key = await newKey()
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{64}$/), fc.constant(undefined))
  const headers = fc.record({ name: fc.constantFrom('time', 'nonce', 'signature', 'key'), text })
  const calls = fc.oneof(
    fc.constantFrom('GET', 'post', 'PUT').map((method) => ({ ...CALL, method })),
    fc.string().map((more) => ({ ...CALL, path: `${CALL.path}${more}#` })),
    fc.uint8Array({ minLength: 1 }).map((more) => ({ ...CALL, body: Buffer.concat([CALL.body, more]) })),
  )
  const codes = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.oneof(headers, calls), async (change) => {
      const right = signed(key)
      const [asked, call] =
        'name' in change ? [{ ...right, [`huiyuan-${change.name}`]: change.text }, CALL] : [right, change]
      const error = await admitCall(one.house, asked, call).catch((thrown) => thrown)
      expect(error).toBeInstanceOf(Refusal)
      codes.add(error.fault.code)
    }),
    { numRuns: 200 },
  )
  expect([...codes].sort()).toEqual(expect.arrayContaining(['KEY_UNKNOWN', 'SIGNATURE_BAD']))
})

test('time counts in both directions, and a nonce is remembered as long as its time is good', async () => {
  const key = await newKey()
  const { tillWindowSeconds } = one.house.policy
  for (const secondsOff of [-tillWindowSeconds, tillWindowSeconds])
    await admitCall(one.house, signed(key, { secondsOff }), CALL)
  for (const secondsOff of [-tillWindowSeconds - 1, tillWindowSeconds + 1])
    expect(await refusalOf(admitCall(one.house, signed(key, { secondsOff }), CALL), 'SIGNATURE_OLD')).toEqual({
      serverNow: one.clock.at.getTime(),
    })
  const ahead = signed(key, { secondsOff: tillWindowSeconds })
  await admitCall(one.house, ahead, CALL)
  one.clock.pass(2 * tillWindowSeconds * 1_000)
  await forgetNonces(one.house)
  await refusalOf(admitCall(one.house, ahead, CALL), 'SIGNATURE_REPLAYED')
  one.clock.pass(tillWindowSeconds * 1_000 + 1)
  expect(await forgetNonces(one.house)).toBeGreaterThan(0)
  await refusalOf(admitCall(one.house, ahead, CALL), 'SIGNATURE_OLD')
})

test('a revoked key opens nothing from that moment on, at any server, also in a verb that has begun', async () => {
  const key = await newKey()
  const till = await admitCall(two.house, signed(key), CALL)
  const verb = ctxOf(one.house, { kind: 'till', storeId: till.storeId, tillId: till.tillId })
  const { memberNo } = await newMember(one)
  const visit = await findVisit(verb, till, { requestId: randomUUID(), tillId: till.tillId, memberNo })
  const { visitId, memberRef } = visit
  const settle = { requestId: randomUUID(), visitId, memberRef, amountFen: 6_800 }
  const settled = await settleOrder(verb, till, settle)
  expect(await settleOrder(verb, till, settle)).toEqual(settled)
  const at = { requestId: randomUUID(), tillId: manager.otherTillId, memberNo }
  await refusalOf(findVisit(verb, till, at), 'TILL_UNKNOWN')
  const { orders } = await listShift(manager.ctx, manager)
  expect(orders).toMatchObject([{ orderNo: settled.orderNo, staffName: '收银机' }])

  await revokeKey(manager.ctx, manager, { requestId: randomUUID(), keyId: key.keyId })
  for (const { house } of [one, two]) await refusalOf(admitCall(house, signed(key), CALL), 'KEY_UNKNOWN')
  await refusalOf(settleOrder(verb, till, { ...settle, requestId: randomUUID() }), 'KEY_UNKNOWN')
  // what was not answered under the old key is asked again under the new one
  const next = await admitCall(two.house, signed(await newKey()), CALL)
  expect(await settleOrder(verb, next, settle)).toEqual(settled)
  const entries = await one.as().db.auditEntry.findMany({ where: { actorId: key.keyId }, select: { verb: true } })
  expect(entries.map((entry) => entry.verb)).toEqual(['visit.member_no', 'order.settle'])
  expect(await verifyAudit(one.as(), manager.storeId)).toMatchObject({ intact: true })
})
