import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newStaff } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { type Counter, MINUTE, openCounter } from './counter.fixture'
import { releaseDueHolds } from './release-due-holds'
import { releaseHold } from './release-hold'

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
})
afterAll(() => till.close())

type Of = { visitId: string; memberRef: string }
const release = ({ visitId, memberRef }: Of, holdId: string, requestId = randomUUID(), by = till.clerk) =>
  releaseHold(by.ctx, by, { requestId, visitId, memberRef, holdId })
const withCoupon = async () => {
  const guest = await till.visited()
  return { ...guest, couponId: await till.granted(guest.memberId) }
}

describe('a hold', () => {
  test('fixes the receipt, keeps the coupon aside for ten minutes and stands in the audit', async () => {
    const { visit, memberId, couponId } = await withCoupon()
    const held = await till.hold(visit, 6_800, { couponId })
    expect(held).toEqual({
      holdId: expect.any(String),
      fullFen: 6_800,
      payableFen: 5_864,
      couponIds: [couponId],
      pointsUsed: 0,
      pointsOffFen: 0,
      lines: [],
      receipt: [
        expect.objectContaining({ rule: 'tier_price', offFen: 136 }),
        expect.objectContaining({ rule: `coupon:${couponId}`, offFen: 800 }),
      ],
      expiresAt: new Date(till.one.clock.at.getTime() + 10 * MINUTE).toISOString(),
    })
    expect(await till.couponOf(couponId)).toEqual({ state: 'held', holdId: held.holdId, orderId: null })
    const { db } = till.one.as()
    expect(await db.orderHold.findFirst({ where: { memberId } })).toMatchObject({
      ...{ holdId: held.holdId, storeId: till.clerk.storeId, tillId: till.clerk.tillId, staffId: till.clerk.memberId },
      receipt: held.receipt,
      state: 'live',
    })
    const entry = await db.auditEntry.findFirst({ where: { storeId: till.clerk.storeId }, orderBy: { seq: 'desc' } })
    expect(entry).toMatchObject({ verb: 'order.hold', subject: held.holdId })
  })

  test('sent again gives the first answer, also when its coupon is long used and its visit over', async () => {
    const { visit, couponId } = await withCoupon()
    const again = { requestId: randomUUID(), couponId, payableFen: 5_864 }
    const held = await till.hold(visit, 6_800, again)
    expect(await till.hold(visit, 6_800, { ...again, in: till.other })).toEqual(held)
    await till.settle(visit, held.holdId)
    till.one.clock.pass(20 * MINUTE)
    expect(await till.hold(visit, 6_800, again)).toEqual(held)
    await refusalOf(till.hold(visit, 6_900, again), 'REQUEST_REUSED')
  })

  test('of a member known by a number keeps the full price and no coupon', async () => {
    const { visit, memberId } = await till.spoken()
    const couponId = await till.granted(memberId)
    await refusalOf(till.hold(visit, 6_800, { couponId, payableFen: 6_000 }), 'CODE_NEEDED')
    expect(await refusalOf(till.hold(visit, 6_800, { payableFen: 6_664 }), 'QUOTE_CHANGED')).toEqual({
      payableFen: 6_800,
    })
    expect(await till.hold(visit)).toMatchObject({ payableFen: 6_800, couponIds: [] })
  })

  test('follows a merged member to the survivor', async () => {
    const kept = await till.visited()
    const { visit, memberId, couponId } = await withCoupon()
    await inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    await till.hold(visit, 6_800, { couponId })
    expect(await till.holdsOf(kept.memberId)).toEqual({ live: 1 })
  })
})

describe('is refused', () => {
  test('when the price is another one now, with the new price', async () => {
    const { visit, memberId, couponId } = await withCoupon()
    expect(await refusalOf(till.hold(visit, 6_800, { couponId, payableFen: 5_863 }), 'QUOTE_CHANGED')).toEqual({
      payableFen: 5_864,
    })
    await till.one.as().db.standing.update({ where: { memberId }, data: { tier: 2 } })
    expect(await refusalOf(till.hold(visit, 6_800, { couponId, payableFen: 5_864 }), 'QUOTE_CHANGED')).toEqual({
      payableFen: 5_660,
    })
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'granted' })
    expect(await till.holdsOf(memberId)).toEqual({})
  })

  test('for a coupon that is held, used, not reached, over or somebody else’s', async () => {
    const { visit, memberId, couponId } = await withCoupon()
    const wish = { couponId, payableFen: 5_864 }
    expect(await refusalOf(till.hold(visit, 2_999, wish), 'COUPON_SHORT')).toEqual({ missingFen: 1 })
    const { holdId } = await till.hold(visit, 6_800, { couponId })
    await refusalOf(till.hold(visit, 6_800, wish), 'COUPON_TAKEN')
    await till.settle(visit, holdId)
    await refusalOf(till.hold(visit, 6_800, wish), 'COUPON_TAKEN')
    const ended = await till.granted(memberId)
    await till.one.as().db.coupon.updateMany({
      where: { couponId: ended },
      data: { validFrom: new Date(0), expiresAt: new Date(till.one.clock.at.getTime() - 1) },
    })
    await refusalOf(till.hold(visit, 6_800, { ...wish, couponId: ended }), 'COUPON_OVER')
    const foreign = await till.granted((await till.visited()).memberId)
    expect(await refusalOf(till.hold(visit, 6_800, { ...wish, couponId: foreign }), 'NOT_FOUND')).toEqual({
      noun: 'coupon',
    })
  })

  test('for amounts that cannot be rung up, foreign and ended visits, and whoever does not work here', async () => {
    const [{ visit, ctx, memberId }, theirs] = [await till.visited(), await till.visited()]
    const fixed = { payableFen: 6_664 }
    await refusalOf(till.hold(visit, 0, fixed), 'AMOUNT_INVALID')
    await refusalOf(till.hold({ ...visit, memberRef: theirs.visit.memberRef }, 6_800, fixed), 'VISIT_UNKNOWN')
    await refusalOf(till.hold(visit, 6_800, { ...fixed, by: await newStaff(till.one) }), 'VISIT_UNKNOWN')
    await refusalOf(till.hold(visit, 6_800, { ...fixed, by: { ...till.clerk, ctx, memberId } }), 'STAFF_NEEDED')
    till.one.clock.pass(10 * MINUTE)
    await refusalOf(till.hold(visit, 6_800, fixed), 'VISIT_OVER')
  })
})

describe('at once', () => {
  test('64 holds of one coupon by as many commands over two processes: one wins', async () => {
    const { visit, memberId, couponId } = await withCoupon()
    const holds = Array.from({ length: 64 }, (_, n) =>
      till.hold(visit, 6_800, { couponId, payableFen: 5_864, in: n % 2 ? till.one : till.other }),
    )
    expect(await endsOf(holds)).toEqual({ answer: 1, COUPON_TAKEN: 63 })
    expect(await till.holdsOf(memberId)).toEqual({ live: 1 })
  })

  test('one hold sent 64 times: one effect, 64 equal answers', async () => {
    const { visit, memberId, couponId } = await withCoupon()
    const requestId = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) =>
        till.hold(visit, 6_800, { requestId, couponId, payableFen: 5_864, in: n % 2 ? till.one : till.other }),
      ),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await till.holdsOf(memberId)).toEqual({ live: 1 })
  })
})

test('I-P2: 32 holds beside a purchase that lifts the tier: each is held at the price of its moment, or told the new one', async () => {
  const { visit, memberId } = await till.visited()
  const holds = Array.from({ length: 32 }, (_, n) =>
    till.hold(visit, 6_800, { payableFen: 6_664, in: n % 2 ? till.one : till.other }),
  )
  const lift = till.pay(visit, 100_000)
  const { answer = 0, QUOTE_CHANGED = 0, ...other } = await endsOf(holds)
  await lift
  expect(other).toEqual({})
  expect(answer + QUOTE_CHANGED).toBe(32)
  expect(await till.holdsOf(memberId)).toEqual(answer ? { live: answer } : {})
  expect(await refusalOf(till.hold(visit, 6_800, { payableFen: 6_664 }), 'QUOTE_CHANGED')).toEqual({
    payableFen: 6_460,
  })
})

describe('giving up', () => {
  test('frees the coupon at once, once, also when the visit is over', async () => {
    const { visit, memberId, couponId } = await withCoupon()
    const { holdId } = await till.hold(visit, 6_800, { couponId })
    till.one.clock.pass(15 * MINUTE)
    const requestId = randomUUID()
    expect(await release(visit, holdId, requestId)).toEqual({ released: true })
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'granted', holdId: null })
    expect(await release(visit, holdId, requestId)).toEqual({ released: true })
    expect(await release(visit, holdId)).toEqual({ released: true })
    expect(await till.holdsOf(memberId)).toEqual({ released: 1 })
    await refusalOf(till.settle(visit, holdId), 'HOLD_OVER')
  })

  test('comes too late for a paid one', async () => {
    const { visit, couponId } = await withCoupon()
    const { holdId } = await till.hold(visit, 6_800, { couponId })
    await till.settle(visit, holdId)
    expect(await release(visit, holdId)).toEqual({ released: false })
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'used' })
  })

  test('is refused for a hold of another visit or store', async () => {
    const [mine, theirs] = [await till.visited(), await till.visited()]
    const { holdId } = await till.hold(theirs.visit)
    await refusalOf(release(mine.visit, holdId), 'HOLD_OVER')
    await refusalOf(release(theirs.visit, holdId, randomUUID(), await newStaff(till.one)), 'VISIT_UNKNOWN')
    expect(await till.holdsOf(theirs.memberId)).toEqual({ live: 1 })
  })
})

describe('holds whose time is over', () => {
  test('are given up by the job, to the millisecond, also by two workers at once, and their coupons come back', async () => {
    const guests = []
    for (let n = 0; n < 8; n++) guests.push(await withCoupon())
    till.one.clock.pass(5)
    await Promise.all(guests.map(({ visit, couponId }) => till.hold(visit, 6_800, { couponId })))
    till.one.clock.pass(10 * MINUTE - 1)
    const due = async () => (await releaseDueHolds(till.one.as(), { batch: 1_000 })).released
    await due()
    for (const { memberId } of guests) expect(await till.holdsOf(memberId)).toEqual({ live: 1 })
    till.one.clock.pass(1)
    const both = await Promise.all([till.one, till.other].map(({ as }) => releaseDueHolds(as(), { batch: 1_000 })))
    expect(both.reduce((sum, { released }) => sum + released, 0)).toBe(8)
    expect(both.map(({ failed }) => failed)).toEqual([0, 0])
    for (const { memberId, couponId } of guests) {
      expect(await till.holdsOf(memberId)).toEqual({ released: 1 })
      expect(await till.couponOf(couponId)).toMatchObject({ state: 'granted', holdId: null })
    }
    expect(await releaseDueHolds(till.one.as(), { batch: 1_000 })).toEqual({ members: 0, released: 0, failed: 0 })
  })

  test('keep nothing from the next one, also before the job has come by', async () => {
    const { visit, memberId, couponId } = await withCoupon()
    const { holdId } = await till.hold(visit, 6_800, { couponId })
    const { db } = till.one.as()
    await db.visit.updateMany({
      where: { memberId },
      data: { expiresAt: new Date(till.one.clock.at.getTime() + 60 * MINUTE) },
    })
    till.one.clock.pass(10 * MINUTE)
    const next = await till.hold(visit, 6_800, { couponId })
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'held', holdId: next.holdId })
    expect(await till.holdsOf(memberId)).toEqual({ live: 1, released: 1 })
    await refusalOf(till.settle(visit, holdId), 'HOLD_OVER')
    expect(await till.settle(visit, next.holdId)).toMatchObject({ amountFen: 5_864 })
  })

  test('the job works in batches', async () => {
    for (let n = 0; n < 3; n++) await till.hold((await till.visited()).visit)
    till.one.clock.pass(10 * MINUTE)
    expect(await releaseDueHolds(till.one.as(), { batch: 2 })).toEqual({ members: 2, released: 2, failed: 0 })
    expect((await releaseDueHolds(till.one.as(), { batch: 1_000 })).released).toBeGreaterThanOrEqual(1)
  })
})
