import { randomUUID } from 'node:crypto'
import { COUPON_MOVES, type CouponMove, type CouponState, couponEnd } from '@huiyuan/shared/coupon'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { newMember, type Person, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { couponsOf, grant, newCoupon, newTemplate, templateOf } from './coupon.fixture'
import type { CouponRow } from './coupon-rows'
import { openCouponOf } from './open-coupons'

const MINUTE = 60_000
const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
let other: TestHouse
let me: Person
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
beforeEach(async () => {
  me = await newMember(one)
})
afterAll(() => Promise.all([one.close(), other.close()]))

const after = (ms: number) => new Date(one.clock.at.getTime() + ms)
const sql = <T = unknown>(fn: string, args: object, at = one) =>
  at.house.sql<T>(fn, { memberId: me.memberId, at: one.clock.at, ...args })
const hold = (couponId: string, holdId: string, at = one) =>
  sql('coupon_hold', { couponId, holdId, heldUntil: after(10 * MINUTE) }, at)
const toldOpen = async () => (await sql<CouponRow[]>('coupon_open', {})).map(openCouponOf)
const stateOf = async (couponId: string) =>
  (await couponsOf(one, me.memberId)).find((coupon) => coupon.couponId === couponId)?.state

interface Held {
  couponId: string
  holdId: string
  orderId: string
  sourceId: string
}
const MOVES: Record<CouponMove, (of: Held) => Promise<unknown>> = {
  hold: ({ couponId }) => hold(couponId, randomUUID()),
  use: ({ holdId, orderId }) => sql('coupon_use', { holdId, orderId }),
  release: ({ holdId }) => sql('coupon_release', { holdId }),
  return: ({ orderId }) => sql('coupon_return', { orderId }),
  void: ({ sourceId }) => sql('coupon_void_of', { kind: 'gift', sourceId, reason: 'gift_superseded' }),
}
const WAY_TO: Record<CouponState, CouponMove[]> = {
  granted: [],
  held: [],
  used: ['use'],
  voided: ['void'],
}

async function couponIn(state: CouponState): Promise<Held> {
  const sourceId = randomUUID()
  const of = {
    couponId: await newCoupon(one, me.memberId, { sourceId }),
    holdId: randomUUID(),
    orderId: randomUUID(),
    sourceId,
  }
  if (state === 'held' || state === 'used') await hold(of.couponId, of.holdId)
  for (const move of WAY_TO[state]) await MOVES[move](of)
  return of
}

describe('the table of a coupon’s life is what the database does', () => {
  const states = Object.keys(COUPON_MOVES) as CouponState[]
  const moves = Object.keys(MOVES) as CouponMove[]
  test.each(states.flatMap((state) => moves.map((move) => [state, move] as const)))('%s, %s', async (state, move) => {
    const of = await couponIn(state)
    expect(await stateOf(of.couponId)).toBe(state)
    await MOVES[move](of).catch(() => {})
    expect(await stateOf(of.couponId)).toBe(COUPON_MOVES[state][move] ?? state)
  })
})

describe('a grant', () => {
  test('has one effect for one source, however often and from where it is asked', async () => {
    const templateId = await newTemplate(one)
    const sourceId = randomUUID()
    const first = await grant(one, me.memberId, templateId, { sourceId })
    expect(await grant(other, me.memberId, templateId, { sourceId })).toEqual(first)
    expect(await couponsOf(one, me.memberId)).toHaveLength(1)
    await grant(one, me.memberId, templateId, { sourceId, part: '2' })
    expect(await couponsOf(one, me.memberId)).toHaveLength(2)
  })

  test('never raises: a limit, a time or an unknown template is an answer', async () => {
    expect(await grant(one, me.memberId, 'no-such')).toMatchObject({ refused: 'NOT_FOUND' })
    const gone = await newTemplate(one, { totalLimit: 0 })
    expect(await grant(one, me.memberId, gone)).toMatchObject({ refused: 'COUPON_GONE' })
    const none = await newTemplate(one, { perPersonLimit: 0 })
    expect(await grant(one, me.memberId, none)).toMatchObject({ refused: 'COUPON_LIMIT', detail: { limit: 0 } })
    expect(await couponsOf(one, me.memberId)).toEqual([])
  })

  test('writes nothing but the coupon where no limit is', async () => {
    const templateId = await newTemplate(one)
    await grant(one, me.memberId, templateId)
    expect(await templateOf(one, templateId)).toMatchObject({ granted: 0 })
    expect(await one.as().db.couponQuota.count({ where: { templateId } })).toBe(0)
  })

  test('ends when the rule says, at any time of day', async () => {
    const at = fc.date({ min: new Date('2020-01-01'), max: new Date('2060-01-01'), noInvalidDate: true })
    await fc.assert(
      fc.asyncProperty(at, fc.nat(400), async (when, validDays) => {
        const rows = await one.as().db.$queryRaw<
          { ends: Date }[]
        >`SELECT coupon_end(${validDays}, NULL, ${when}) AS ends`
        expect(rows[0]?.ends).toEqual(couponEnd({ validDays, validUntil: null }, when))
      }),
      { numRuns: 50 },
    )
  })
})

describe('held aside for a purchase', () => {
  test('64 holds of one coupon at once over two processes: one has it, 63 find it taken', async () => {
    const couponId = await newCoupon(one, me.memberId)
    const holds = Array.from({ length: 64 }, (_, n) => hold(couponId, randomUUID(), n % 2 ? one : other))
    expect(await endsOf(holds)).toEqual({ answer: 1, COUPON_TAKEN: 63 })
  })

  test('is free again when the hold’s time is over, to the millisecond', async () => {
    const { couponId, holdId } = await couponIn('held')
    one.clock.pass(10 * MINUTE - 1)
    await refusalOf(hold(couponId, randomUUID()), 'COUPON_TAKEN')
    one.clock.pass(1)
    await hold(couponId, randomUUID())
    expect(await sql('coupon_use', { holdId, orderId: randomUUID() })).toEqual({ coupons: [] })
  })

  test('is used though it ended while it was held', async () => {
    const { couponId, holdId, orderId } = await couponIn('held')
    one.clock.pass(40 * DAY)
    expect(await sql('coupon_use', { holdId, orderId })).toEqual({ coupons: [couponId] })
  })

  test('somebody else’s, an unknown one and an ended one are refused', async () => {
    const stranger = await newMember(one)
    await refusalOf(hold(await newCoupon(one, stranger.memberId), randomUUID()), 'NOT_FOUND')
    await refusalOf(hold(randomUUID(), randomUUID()), 'NOT_FOUND')
    const { couponId, holdId } = await couponIn('held')
    expect(await sql('coupon_use', { memberId: stranger.memberId, holdId, orderId: randomUUID() })).toEqual({
      coupons: [],
    })
    expect(await sql('coupon_release', { memberId: stranger.memberId, holdId })).toEqual({ released: 0 })
    expect(await sql('coupon_release', { holdId })).toEqual({ released: 1 })
    one.clock.pass(31 * DAY)
    await refusalOf(hold(couponId, randomUUID()), 'COUPON_OVER')
  })

  test('an unused one is told to a price, with its terms; a used one is not', async () => {
    const [open, held] = [await couponIn('granted'), await couponIn('held')]
    await couponIn('used')
    await couponIn('voided')
    const told = await toldOpen()
    expect(told.map(({ couponId }) => couponId).sort()).toEqual([open.couponId, held.couponId].sort())
    expect(told[0]).toMatchObject({ kind: 'amount_off', amountOffFen: 800, thresholdFen: 3_000, maxOffFen: null })
    one.clock.pass(31 * DAY)
    expect(await toldOpen()).toEqual([])
  })
})

describe('when an order comes back', () => {
  const packetFor = async (orderId: string) => newCoupon(one, me.memberId, { kind: 'order', sourceId: orderId })

  test('its coupon returns, its unused packet goes; asked again nothing more happens', async () => {
    const { couponId, orderId } = await couponIn('used')
    const packet = await packetFor(orderId)
    expect(await sql('coupon_return', { orderId })).toEqual({
      coupons: [{ title: '满 30 减 8', returned: true }],
      packet: { title: '满 30 减 8', state: 'voided' },
    })
    expect([await stateOf(couponId), await stateOf(packet)]).toEqual(['granted', 'voided'])
    expect(await sql('coupon_return', { orderId })).toEqual({
      coupons: [],
      packet: { title: '满 30 减 8', state: 'voided' },
    })
  })

  test('a coupon that ended meanwhile stays ended, and the return says so', async () => {
    const { orderId } = await couponIn('used')
    one.clock.pass(31 * DAY)
    expect(await sql('coupon_return', { orderId })).toMatchObject({ coupons: [{ returned: false }] })
  })

  test('an order without coupon and packet has nothing to give back', async () => {
    expect(await sql('coupon_return', { orderId: randomUUID() })).toEqual({ coupons: [], packet: null })
  })

  test('a used packet is named, and gone for good when its own order comes back, too', async () => {
    const first = randomUUID()
    const packet = await packetFor(first)
    const [holdId, second] = [randomUUID(), randomUUID()]
    await hold(packet, holdId)
    await sql('coupon_use', { holdId, orderId: second })
    expect(await sql('coupon_return', { orderId: first })).toMatchObject({ packet: { state: 'used' } })
    expect(await sql('coupon_return', { orderId: second })).toMatchObject({ coupons: [{ returned: false }] })
    expect(await stateOf(packet)).toBe('voided')
  })

  test('a packet that lies at a till stays with the customer; let go from there it is voided', async () => {
    const orderId = randomUUID()
    const packet = await packetFor(orderId)
    const holdId = randomUUID()
    await hold(packet, holdId)
    expect(await sql('coupon_return', { orderId })).toMatchObject({ packet: { state: 'used' } })
    expect(await stateOf(packet)).toBe('held')
    await sql('coupon_release', { holdId })
    expect(await stateOf(packet)).toBe('voided')
  })
})
