import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newStaff, newVisit } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { award } from '../member/member.fixture'
import { merged, undone } from '../merge/undo.fixture'
import { newRightOf, usesOf } from '../right/right.fixture'
import { type Counter, type Guest, MINUTE, openCounter } from './counter.fixture'
import { quoteOrder } from './quote-order'
import { releaseHold } from './release-hold'

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
})
afterEach(() => expectLedgerHolds(till.one.as().db))
afterAll(() => till.close())

const held = async (fullFen = 6_800) => {
  const guest = await till.visited()
  const couponId = await till.granted(guest.memberId)
  const { holdId } = await till.hold(guest.visit, fullFen, { couponId })
  return { ...guest, couponId, holdId }
}
const either = (n: number) => (n % 2 ? till.one : till.other)
const ordersOf = (memberId: string) => till.one.as().db.order.findMany({ where: { memberId } })

describe('a paid hold', () => {
  test('is an order at the held price that uses the coupon, earns on what was paid and is thanked with a packet', async () => {
    const { visit, memberId, couponId, holdId } = await held()
    const order = await till.settle(visit, holdId)
    expect(order).toEqual({
      orderId: expect.any(String),
      orderNo: expect.any(String),
      fullFen: 6_800,
      amountFen: 5_864,
      points: 58,
      pointsUsed: 0,
      lines: [],
      growth: 58,
      activeAt: '2026-12-06T16:00:00.000Z',
      pointsAfter: { available: 0, pending: 58 },
      tierBefore: 1,
      tierAfter: 1,
      packet: { title: '满 25 减 5', expiresAt: '2026-11-29T15:59:59.999Z' },
      settledAt: till.one.clock.at.toISOString(),
    })
    expect(await ordersOf(memberId)).toMatchObject([
      { holdId, fullFen: 6_800, amountFen: 5_864, state: 'settled', receipt: [{ offFen: 136 }, { offFen: 800 }] },
    ])
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'used', orderId: order.orderId })
    expect(await till.holdsOf(memberId)).toEqual({ settled: 1 })
  })

  test('that a coupon pays whole is an order of nothing', async () => {
    const { visit, memberId } = await till.visited()
    const { db } = till.one.as()
    const templateId = `all-${randomUUID().slice(0, 8)}`
    const off = { kind: 'amount_off', amountOffFen: 99_999, validDays: 1, title: '请你喝一盏', rules: '-' }
    await db.couponTemplate.create({ data: { templateId, ...off } })
    const { holdId, payableFen } = await till.hold(visit, 6_800, { couponId: await till.granted(memberId, templateId) })
    expect(payableFen).toBe(0)
    expect(await till.settle(visit, holdId)).toMatchObject({ amountFen: 0, points: 0, growth: 0, packet: null })
    expect(await ordersOf(memberId)).toMatchObject([{ amountFen: 0, points: 0 }])
  })

  test('is settled when its visit and even its coupon are over, to the last millisecond of the hold', async () => {
    const { visit, memberId, couponId, holdId } = await held()
    const { db } = till.one.as()
    till.one.clock.pass(10 * MINUTE - 1)
    await db.visit.updateMany({ where: { memberId }, data: { expiresAt: till.one.clock.at } })
    await db.coupon.updateMany({ where: { couponId }, data: { expiresAt: new Date(till.one.clock.at.getTime() - 1) } })
    expect(await till.settle(visit, holdId)).toMatchObject({ amountFen: 5_864 })
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'used' })
  })

  test('sent again gives the same answer after everything is over', async () => {
    const { visit, holdId } = await held()
    const requestId = randomUUID()
    const first = await till.settle(visit, holdId, { requestId })
    till.one.clock.pass(60 * MINUTE)
    expect(await till.settle(visit, holdId, { requestId })).toEqual(first)
    await refusalOf(till.settle(visit, randomUUID(), { requestId }), 'REQUEST_REUSED')
  })
})

describe('is refused', () => {
  test('when the hold’s time is over, and nothing is written', async () => {
    const { visit, memberId, holdId } = await held()
    till.one.clock.pass(10 * MINUTE)
    await refusalOf(till.settle(visit, holdId), 'HOLD_OVER')
    expect(await ordersOf(memberId)).toEqual([])
  })

  test('for a hold of another visit, another store, or none', async () => {
    const [mine, theirs] = [await held(), await held()]
    await refusalOf(till.settle(mine.visit, theirs.holdId), 'HOLD_OVER')
    await refusalOf(till.settle(mine.visit, randomUUID()), 'HOLD_OVER')
    await refusalOf(till.settle({ ...mine.visit, memberRef: theirs.visit.memberRef }, theirs.holdId), 'VISIT_UNKNOWN')
    await refusalOf(till.settle(mine.visit, mine.holdId, { by: await newStaff(till.one) }), 'VISIT_UNKNOWN')
    expect([await till.holdsOf(mine.memberId), await till.holdsOf(theirs.memberId)]).toEqual([{ live: 1 }, { live: 1 }])
  })
})

describe('I-L5: one hold, one effect', () => {
  test('one settle sent 64 times over two processes: one order, 64 equal answers', async () => {
    const { visit, memberId, holdId } = await held()
    const requestId = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => till.settle(visit, holdId, { requestId, in: either(n) })),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await ordersOf(memberId)).toHaveLength(1)
  })

  test('64 settles of one hold by as many commands: one order', async () => {
    const { visit, memberId, couponId, holdId } = await held()
    const settles = Array.from({ length: 64 }, (_, n) => till.settle(visit, holdId, { in: either(n) }))
    expect(await endsOf(settles)).toEqual({ answer: 1, HOLD_OVER: 63 })
    const [order, ...more] = await ordersOf(memberId)
    expect(more).toEqual([])
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'used', orderId: order?.orderId })
    const { db } = till.one.as()
    expect(await db.coupon.count({ where: { memberId, templateId: 'packet_5' } })).toBe(1)
    expect(await db.account.findUnique({ where: { memberId } })).toMatchObject({ pendingPoints: 58, growth: 58 })
  })
})

describe('at once with others', () => {
  test('a settle and a release of 16 holds: each is either paid or free, never both', async () => {
    const guests = []
    for (let n = 0; n < 16; n++) guests.push(await held())
    const ends = await Promise.all(
      guests.map(async ({ visit, holdId }, n) => {
        const { clerk, other } = till
        const asked = { requestId: randomUUID(), ...visit, holdId }
        const settle = () => endsOf([till.settle(visit, holdId)])
        const release = () => releaseHold(other.as(clerk.memberId), clerk, asked)
        const [paid, given] =
          n % 2 ? await Promise.all([settle(), release()]) : (await Promise.all([release(), settle()])).reverse()
        return [paid, given]
      }),
    )
    for (const [n, { memberId, couponId }] of guests.entries()) {
      const paid = (await ordersOf(memberId)).length === 1
      expect(ends[n]).toEqual(paid ? [{ answer: 1 }, { released: false }] : [{ HOLD_OVER: 1 }, { released: true }])
      expect(await till.couponOf(couponId)).toMatchObject({ state: paid ? 'used' : 'granted' })
    }
  })

  test('I-ID2: a merge between hold and settle takes hold and coupon along', async () => {
    const kept = await till.visited()
    const { visit, memberId, couponId, holdId } = await held()
    await inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    expect(await till.holdsOf(kept.memberId)).toEqual({ live: 1 })
    expect(await till.settle(visit, holdId)).toMatchObject({ amountFen: 5_864 })
    expect(await ordersOf(kept.memberId)).toHaveLength(1)
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'used' })
  })

  test('I-ID2: 64 settles beside a merge: one order, and it is the survivor’s', async () => {
    const kept = await till.visited()
    const { visit, memberId, holdId } = await held()
    const settles = Array.from({ length: 64 }, (_, n) => till.settle(visit, holdId, { in: either(n) }))
    const merge = inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    const [ends] = await Promise.all([endsOf(settles), merge])
    expect(ends).toEqual({ answer: 1, HOLD_OVER: 63 })
    expect(await ordersOf(kept.memberId)).toHaveLength(1)
    expect(await ordersOf(memberId)).toHaveLength(0)
  })
})

describe('points and a right that is there once a day', () => {
  /** Who alone has such a right, half the price of anything, and 1,000 points. */
  async function halfOff(): Promise<Guest & { rightId: string }> {
    const [guest, at] = [await till.visited(), till.one.clock.at]
    const rightId = await newRightOf(
      till.one,
      'tier_discount',
      { payPercent: 50 },
      { tierFrom: null, quota: 1, period: 'day' },
    )
    const source = { kind: 'test', sourceId: randomUUID() }
    await till.one.house.sql('right_grant', { memberId: guest.memberId, rightId, at, ...source })
    await award(till.one, guest.memberId, { points: 1_000, expiresInDays: 90 })
    return { ...guest, rightId }
  }
  const pointsOf = async (memberId: string) => {
    const { availablePoints, debtPoints } = await till.one.as().db.account.findUniqueOrThrow({ where: { memberId } })
    return availablePoints - debtPoints
  }
  const promisesHold = () => expectPromisesHold(till.one.as().db, till.one.clock.at)

  test('are in the next price when a hold is over, though the job has not passed by', async () => {
    const { rightId: _, ...guest } = await halfOff()
    const first = await till.hold(guest.visit, 6_800, { points: 900 })
    till.one.clock.pass(10 * MINUTE)
    const visit = await newVisit(till.one, guest, till.clerk)
    const quote = await quoteOrder(till.clerk.ctx, till.clerk, { ...visit, fullFen: 6_800, points: 900 })
    expect(quote).toMatchObject({ payableFen: first.payableFen, pointsPay: { used: 900 } })
    till.one.clock.pass(10 * MINUTE)
    const again = await newVisit(till.one, guest, till.clerk)
    const held = await till.hold(again, 6_800, { points: 900, payableFen: first.payableFen })
    expect([held.payableFen, await till.holdsOf(guest.memberId)]).toEqual([2_500, { live: 1, released: 1 }])
  })

  test('I-R1: stay with who paid, when two merges that stood then are taken back', async () => {
    const [last, next, guest] = [await till.visited(), await till.visited(), await halfOff()]
    const { holdId } = await till.hold(guest.visit, 6_800, { points: 100 })
    const first = await merged(till.one, next.memberId, guest.memberId)
    const second = await merged(till.one, last.memberId, next.memberId)
    await till.settle(guest.visit, holdId)
    await undone(till.one, second)
    await undone(till.one, first)
    await promisesHold()
    expect(await usesOf(till.one, last.memberId, guest.rightId)).toEqual({ '2026-11-22': 1 })
    expect(await usesOf(till.one, guest.memberId, guest.rightId)).toEqual({ '2026-11-22': 0 })
  })

  test('I-ID4: the programme pays for points that are spent, not for those that came back and were owed', async () => {
    const [kept, guest] = [await till.visited(), await halfOff()]
    const mergeId = await merged(till.one, kept.memberId, guest.memberId)
    const { holdId, payableFen } = await till.hold(kept.visit, 10_000, { points: 400 })
    const { orderId } = await till.settle(kept.visit, holdId)
    expect(await till.takeBack(kept.memberId, orderId, { refundFen: payableFen / 2 })).toMatchObject({
      pointsBack: 200,
    })
    const owed = { memberId: kept.memberId, at: till.one.clock.at, kind: 'test', sourceId: randomUUID() }
    const what = { points: 300, growth: 0, reason: 'purchase_returned', detail: {} }
    await till.one.house.sql('ledger_take_back', { ...owed, ...what })
    const { back } = await undone(till.one, mergeId, 'programme')
    expect(back).toMatchObject({ points: 1_000, programmePoints: 200, chargedPoints: 300 })
    expect([await pointsOf(guest.memberId), await pointsOf(kept.memberId)]).toEqual([1_000, -300])
    await promisesHold()
  })
})
