import { randomUUID } from 'node:crypto'
import { statementWords } from '@huiyuan/shared/ledger'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newStaff } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { explainTier } from '../tier/explain-tier'
import { type Counter, DAY, MINUTE, openCounter } from './counter.fixture'
import { listShift } from './list-shift'

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
})
afterEach(async () => {
  const { db } = till.one.as()
  await expectLedgerHolds(db)
  await expectPromisesHold(db, till.one.clock.at)
})
afterAll(() => till.close())

const either = (n: number) => (n % 2 ? till.one : till.other)
const accountOf = (memberId: string) => till.one.as().db.account.findUniqueOrThrow({ where: { memberId } })
const tierOf = async (memberId: string) =>
  (await till.one.as().db.standing.findUniqueOrThrow({ where: { memberId } })).tier
const orderOf = (orderId: string) => till.one.as().db.order.findFirstOrThrow({ where: { orderId } })
const returnsOf = (orderId: string) =>
  till.one.as().db.orderReturn.findMany({ where: { orderId }, orderBy: { nth: 'asc' } })

describe('a part of an order comes back', () => {
  test('with its share of points and growth, rounded down; the rest with the last part; then all is as before', async () => {
    const { visit, memberId } = await till.visited()
    await till.pay(visit, 30_000)
    const before = await accountOf(memberId)
    const { orderId, orderNo } = await till.pay(visit, 6_899)
    const part = (refundFen?: number) => till.takeBack(memberId, orderId, refundFen === undefined ? {} : { refundFen })
    expect(await part(1_000)).toMatchObject({
      ...{ orderNo, refundedFen: 1_000, refundedTotalFen: 1_000, leftFen: 5_899 },
      points: { pending: 9, available: 0, debt: 0 },
      growth: 9,
    })
    expect(await orderOf(orderId)).toMatchObject({ state: 'settled', refundedFen: 1_000, returnedAt: null })
    till.one.clock.pass(MINUTE)
    expect(await part(1_000)).toMatchObject({ refundedTotalFen: 2_000, leftFen: 4_899, points: { pending: 10 } })
    expect(await accountOf(memberId)).toMatchObject({ pendingPoints: 300 + 68 - 19, growth: 300 + 68 - 19 })
    till.one.clock.pass(MINUTE)
    expect(await part()).toMatchObject({ refundedFen: 4_899, refundedTotalFen: 6_899, leftFen: 0, growth: 49 })
    expect(await accountOf(memberId)).toEqual(before)
    expect(await orderOf(orderId)).toMatchObject({
      state: 'returned',
      refundedFen: 6_899,
      returnedAt: till.one.clock.at,
    })
    expect(await returnsOf(orderId)).toMatchObject([
      { nth: 1, amountFen: 1_000, points: 9, growth: 9, staffId: till.clerk.memberId },
      { nth: 2, amountFen: 1_000, points: 10, growth: 10 },
      { nth: 3, amountFen: 4_899, points: 49, growth: 49 },
    ])
    await refusalOf(part(1), 'RETURN_DONE')
    await refusalOf(part(), 'RETURN_DONE')
  })

  test('is told with its own amount', async () => {
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 6_800)
    await till.takeBack(memberId, orderId, { refundFen: 2_000 })
    const row = await till.one.as().db.transfer.findFirstOrThrow({
      where: { memberId, reason: 'purchase_returned', unit: 'points' },
    })
    const detail = { ...(row.detail as object), out: true }
    const words = statementWords(
      { unit: 'points', reason: 'purchase_returned', amount: row.amount, at: row.at, detail },
      row.at,
    )
    expect(words).toContain('退货 ¥20')
    expect(words).toContain('20 积分')
  })

  test('and never above what is left', async () => {
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 6_800)
    const part = (refundFen: number) => till.takeBack(memberId, orderId, { refundFen })
    expect(await refusalOf(part(6_801), 'RETURN_TOO_MUCH')).toEqual({ leftFen: 6_800 })
    await part(6_000)
    expect(await refusalOf(part(801), 'RETURN_TOO_MUCH')).toEqual({ leftFen: 800 })
    expect(await part(800)).toMatchObject({ leftFen: 0 })
    expect(await accountOf(memberId)).toMatchObject({ pendingPoints: 0, growth: 0 })
  })

  test('once for one command; another amount under its name is another command', async () => {
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 6_800)
    const requestId = randomUUID()
    const first = await till.takeBack(memberId, orderId, { requestId, refundFen: 2_000 })
    const again = Array.from({ length: 16 }, (_, n) =>
      till.takeBack(memberId, orderId, { requestId, refundFen: 2_000, in: either(n) }),
    )
    for (const answer of await Promise.all(again)) expect(answer).toEqual(first)
    await refusalOf(till.takeBack(memberId, orderId, { requestId, refundFen: 2_001 }), 'REQUEST_REUSED')
    await refusalOf(till.takeBack(memberId, orderId, { requestId }), 'REQUEST_REUSED')
    expect(await accountOf(memberId)).toMatchObject({ pendingPoints: 48, growth: 48 })
  })

  test('I-P4: 64 returns of a tenth at once over two processes: ten of them, to the last fen', async () => {
    const { visit, memberId } = await till.visited()
    const before = await accountOf(memberId)
    const { orderId } = await till.pay(visit, 10_000)
    const ends = await endsOf(
      Array.from({ length: 64 }, (_, n) => till.takeBack(memberId, orderId, { refundFen: 1_000, in: either(n) })),
    )
    expect(ends).toEqual({ answer: 10, RETURN_DONE: 54 })
    expect(await accountOf(memberId)).toEqual(before)
    const parts = await returnsOf(orderId)
    expect(parts.map(({ nth, points }) => [nth, points])).toEqual(parts.map((_, n) => [n + 1, 10]))
  })

  test('I-P4: parts that do not fit together at once: what fits and no more', async () => {
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 10_000)
    const ends = await endsOf(
      Array.from({ length: 64 }, (_, n) => till.takeBack(memberId, orderId, { refundFen: 3_000, in: either(n) })),
    )
    expect(ends).toEqual({ answer: 3, RETURN_TOO_MUCH: 61 })
    expect(await orderOf(orderId)).toMatchObject({ state: 'settled', refundedFen: 9_000 })
    expect(await accountOf(memberId)).toMatchObject({ pendingPoints: 10, growth: 10 })
  })
})

describe('what hangs on it', () => {
  test('points that were spent are owed, share by share', async () => {
    const { clock, house } = till.one
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 10_000)
    clock.pass(16 * DAY)
    const spent = {
      kind: 'redemption',
      sourceId: randomUUID(),
      points: 70,
      reason: 'exchange',
      detail: { title: '小竹勺' },
    }
    await house.sql('ledger_spend', { memberId, at: clock.at, ...spent })
    const by = await newStaff(till.one, { role: 'manager', shop: till.clerk })
    const part = () => till.takeBack(memberId, orderId, { by, refundFen: 5_000 })
    expect((await part()).points).toEqual({ pending: 0, available: 30, debt: 20 })
    clock.pass(MINUTE)
    expect((await part()).points).toEqual({ pending: 0, available: 0, debt: 50 })
    expect(await accountOf(memberId)).toMatchObject({ availablePoints: 0, debtPoints: 70, growth: 0 })
  })

  test('points that ended with their lot are not taken by any part', async () => {
    const { clock } = till.one
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 10_000)
    await till.takeBack(memberId, orderId, { refundFen: 2_500 })
    clock.pass(800 * DAY)
    const by = await newStaff(till.one, { role: 'manager', shop: till.clerk })
    for (const more of [{ refundFen: 2_500 }, {}])
      expect(await till.takeBack(memberId, orderId, { by, ...more })).toMatchObject({
        points: { pending: 0, available: 0, debt: 0 },
        growth: 0,
      })
    expect(await accountOf(memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0, growth: 0 })
  })

  test('the coupon comes back and the packet goes with the last part, not before', async () => {
    const { visit, memberId } = await till.visited()
    const couponId = await till.granted(memberId)
    const { orderId, amountFen } = await till.settle(visit, (await till.hold(visit, 6_800, { couponId })).holdId)
    const part = await till.takeBack(memberId, orderId, { refundFen: amountFen - 1 })
    expect(part).toMatchObject({ coupons: [], packet: null, leftFen: 1 })
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'used' })
    expect(await till.takeBack(memberId, orderId)).toMatchObject({
      refundedFen: 1,
      coupons: [{ title: '满 30 减 8', returned: true }],
      packet: { title: '满 25 减 5', state: 'voided' },
    })
    expect(await till.couponOf(couponId)).toMatchObject({ state: 'granted', orderId: null })
  })

  test('a tier ends with the part that takes what it needs, and not with one that leaves enough', async () => {
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 120_000)
    till.one.clock.pass(MINUTE)
    expect(await till.takeBack(memberId, orderId, { refundFen: 20_000 })).toMatchObject({ tierBefore: 2, tierAfter: 2 })
    till.one.clock.pass(MINUTE)
    expect(await till.takeBack(memberId, orderId, { refundFen: 100 })).toMatchObject({ tierBefore: 2, tierAfter: 1 })
    expect(await accountOf(memberId)).toMatchObject({ growth: 999 })
    expect((await explainTier(till.one.as(memberId))).sources).toMatchObject([
      { reason: 'purchase', count: 1, growth: 999 },
    ])
    expect(await till.pay(visit, 100)).toMatchObject({ tierAfter: 2 })
  })

  test('a tier that the parts kept have earned is kept when something else comes back', async () => {
    const { visit, memberId } = await till.visited()
    const first = await till.pay(visit, 230_000)
    till.one.clock.pass(MINUTE)
    const second = await till.pay(visit, 300_000)
    till.one.clock.pass(MINUTE)
    expect(await till.takeBack(memberId, first.orderId, { refundFen: 120_000 })).toMatchObject({ tierAfter: 3 })
    expect(await till.takeBack(memberId, second.orderId)).toMatchObject({ tierBefore: 3, tierAfter: 2 })
  })

  test('after a merge the survivor gives back the rest, and the tier that came of it', async () => {
    const kept = await till.visited()
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 110_000)
    till.one.clock.pass(MINUTE)
    await till.takeBack(memberId, orderId, { refundFen: 5_000 })
    till.one.clock.pass(MINUTE)
    await inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    expect(await tierOf(kept.memberId)).toBe(2)
    till.one.clock.pass(MINUTE)
    expect(await till.takeBack(memberId, orderId, { refundFen: 5_000 })).toMatchObject({ growth: 50, tierAfter: 2 })
    expect(await till.takeBack(memberId, orderId, { refundFen: 5_000 })).toMatchObject({
      growth: 50,
      tierBefore: 2,
      tierAfter: 1,
    })
    expect(await till.takeBack(memberId, orderId)).toMatchObject({ leftFen: 0, points: { pending: 950 } })
    expect(await accountOf(kept.memberId)).toMatchObject({ pendingPoints: 0, debtPoints: 0, growth: 0 })
    expect((await returnsOf(orderId)).map((one) => one.memberId)).toEqual(Array(4).fill(kept.memberId))
  })

  test('32 parts beside a merge: none is lost, none is counted twice', async () => {
    const kept = await till.visited()
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 6_400)
    const parts = Array.from({ length: 32 }, (_, n) =>
      till.takeBack(memberId, orderId, { refundFen: 200, in: either(n) }),
    )
    const merge = inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    const [ends] = await Promise.all([endsOf(parts), merge])
    expect(ends).toEqual({ answer: 32 })
    expect(await accountOf(kept.memberId)).toMatchObject({ pendingPoints: 0, growth: 0, debtPoints: 0 })
  })

  test('the shift counts what was kept of it', async () => {
    const by = await newStaff(till.one)
    const { visit, memberId } = await till.visited(by)
    const { orderId } = await till.pay(visit, 6_800, { by })
    await till.takeBack(memberId, orderId, { by, refundFen: 1_850 })
    const { orders, totals } = await listShift(by.ctx, by)
    expect(orders).toMatchObject([{ state: 'settled', amountFen: 6_800, refundedFen: 1_850 }])
    expect(totals).toEqual({ count: 1, amountFen: 4_950, points: 50, members: 1 })
  })

  test('an order for which nothing was paid comes back whole', async () => {
    const { memberId } = await till.visited()
    const { tillId, storeId, memberId: staffId } = till.clerk
    const orderId = randomUUID()
    const nothing = { fullFen: 800, amountFen: 0, points: 0, growth: 0, settledAt: till.one.clock.at }
    const at = { visitId: randomUUID(), storeId, tillId, staffId, channel: 'counter' }
    await till.one
      .as()
      .db.order.create({ data: { memberId, orderId, orderNo: orderId.slice(0, 12), ...at, ...nothing } })
    const part = till.takeBack(memberId, orderId, { refundFen: 1 })
    expect(await refusalOf(part, 'RETURN_TOO_MUCH')).toEqual({ leftFen: 0 })
    expect(await till.takeBack(memberId, orderId)).toMatchObject({ refundedFen: 0, leftFen: 0, growth: 0 })
    await refusalOf(till.takeBack(memberId, orderId), 'RETURN_DONE')
  })
})
