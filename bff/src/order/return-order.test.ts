import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newStaff, newVisit } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { findVisit } from '../visit/find-visit'
import { type Counter, DAY, MINUTE, openCounter } from './counter.fixture'
import { listShift } from './list-shift'
import { returnOrder } from './return-order'

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
})
afterEach(() => expectLedgerHolds(till.one.as().db))
afterAll(() => till.close())

const either = (n: number) => (n % 2 ? till.one : till.other)
const manager = () => newStaff(till.one, { role: 'manager', shop: till.clerk })
const accountOf = (memberId: string) => till.one.as().db.account.findUniqueOrThrow({ where: { memberId } })
/** Everything of a member that a return has to give back. */
const booksOf = async (memberId: string) => {
  const { db } = till.one.as()
  const { tier } = await db.standing.findUniqueOrThrow({ where: { memberId } })
  const coupons = await db.coupon.findMany({ where: { memberId, state: { not: 'voided' } } })
  return { account: await accountOf(memberId), tier, coupons }
}

describe('I-P4: a whole return gives everything back', () => {
  test('points, growth, coupon, packet and tier are as before, and the answer says so', async () => {
    const { visit, memberId } = await till.visited()
    await till.pay(visit, 30_000)
    const couponId = await till.granted(memberId)
    const before = await booksOf(memberId)
    const { holdId } = await till.hold(visit, 100_000, { couponId })
    const order = await till.settle(visit, holdId)
    expect(order).toMatchObject({ points: 972, tierBefore: 1, tierAfter: 2 })
    expect(await till.takeBack(memberId, order.orderId)).toEqual({
      orderNo: order.orderNo,
      refundedFen: 97_200,
      refundedTotalFen: 97_200,
      leftFen: 0,
      points: { pending: 972, available: 0, debt: 0 },
      growth: 972,
      pointsBack: 0,
      pointsEnded: 0,
      coupons: [{ title: '满 30 减 8', returned: true }],
      packet: { title: '满 25 减 5', state: 'voided' },
      tierBefore: 2,
      tierAfter: 1,
    })
    expect(await booksOf(memberId)).toEqual(before)
    const { db } = till.one.as()
    expect(await db.order.findFirst({ where: { orderId: order.orderId } })).toMatchObject({
      state: 'returned',
      returnedAt: till.one.clock.at,
      returnedBy: till.clerk.memberId,
    })
    const entry = await db.auditEntry.findFirst({ where: { storeId: till.clerk.storeId }, orderBy: { seq: 'desc' } })
    expect(entry).toMatchObject({ verb: 'order.return', subject: order.orderId, actorId: till.clerk.memberId })
  })

  test('no longer counts in the shift, and is shown as returned', async () => {
    const by = await newStaff(till.one)
    const { visit } = await till.visited(by)
    await till.pay(visit, 6_800, { by })
    await till.pay(visit, 5_000, { by })
    const { orders } = await listShift(by.ctx, by)
    await returnOrder(by.ctx, by, { requestId: randomUUID(), orderRef: orders[0]?.orderRef as string })
    const after = await listShift(by.ctx, by)
    expect(after.orders.map(({ state }) => state).sort()).toEqual(['returned', 'settled'])
    expect(after.totals.count).toBe(1)
  })

  test('takes the own pending lot first, and leaves what other orders earned', async () => {
    const { visit, memberId } = await till.visited()
    const [first] = [await till.pay(visit, 5_000), await till.pay(visit, 6_800)]
    expect((await till.takeBack(memberId, first.orderId)).points).toEqual({ pending: 50, available: 0, debt: 0 })
    const lots = await till.one.as().db.lot.findMany({ where: { memberId, remaining: { gt: 0 } } })
    expect(lots).toMatchObject([{ earned: 68, remaining: 68 }])
  })

  test('takes the own lot, then others that can be spent, then leaves a visible debt, which the next lot pays', async () => {
    const { clock, house } = till.one
    const { visit, memberId } = await till.visited()
    const first = await till.pay(visit, 6_800)
    await till.pay(visit, 3_000)
    clock.pass(16 * DAY)
    const spend = (points: number) =>
      house.sql('ledger_spend', {
        ...{ memberId, at: clock.at, kind: 'redemption', sourceId: randomUUID(), points, reason: 'exchange' },
        detail: { title: '小竹勺' },
      })
    await spend(60)
    const next = await newVisit(till.one, { ctx: till.one.as(memberId) }, till.clerk)
    await till.pay(next, 2_500)
    const back = await till.takeBack(memberId, first.orderId, { by: await manager() })
    expect(back.points).toEqual({ pending: 0, available: 38, debt: 30 })
    expect(await accountOf(memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 25, debtPoints: 30 })
    expect(await refusalOf(spend(1), 'IN_DEBT')).toEqual({ debtPoints: 30 })
    clock.pass(16 * DAY)
    await house.sql('ledger_settle_lots', { memberId, at: clock.at })
    expect(await accountOf(memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 0, debtPoints: 5 })
    const last = await newVisit(till.one, { ctx: till.one.as(memberId) }, till.clerk)
    await till.pay(last, 1_500)
    clock.pass(16 * DAY)
    await spend(10)
    expect(await accountOf(memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
  })

  test('takes neither points that have ended nor growth that has left the window a second time', async () => {
    const { clock, house } = till.one
    const { visit, memberId } = await till.visited()
    const order = await till.pay(visit, 120_000)
    clock.pass(400 * DAY)
    const later = await newVisit(till.one, { ctx: till.one.as(memberId) }, till.clerk)
    await till.pay(later, 30_000)
    await house.sql('ledger_settle_growth', { memberId, at: clock.at, from: new Date(clock.at.getTime() - 366 * DAY) })
    expect(await accountOf(memberId)).toMatchObject({ growth: 300 })
    const back = await till.takeBack(memberId, order.orderId, { by: await manager() })
    expect(back).toMatchObject({
      points: { pending: 0, available: 0, debt: 0 },
      growth: 0,
      tierBefore: 1,
      tierAfter: 1,
    })
    expect(await accountOf(memberId)).toMatchObject({ growth: 300, pendingPoints: 300, debtPoints: 0 })
  })

  test('a coupon that has ended stays ended, a used packet is named', async () => {
    const { visit, memberId } = await till.visited()
    const couponId = await till.granted(memberId)
    const { orderId } = await till.settle(visit, (await till.hold(visit, 6_800, { couponId })).holdId)
    const { db } = till.one.as()
    const packet = await db.coupon.findFirstOrThrow({ where: { memberId, templateId: 'packet_5' } })
    await till.settle(visit, (await till.hold(visit, 6_800, { couponId: packet.couponId })).holdId)
    const yesterday = new Date(till.one.clock.at.getTime() - DAY)
    await db.coupon.updateMany({ where: { couponId }, data: { validFrom: new Date(0), expiresAt: yesterday } })
    expect(await till.takeBack(memberId, orderId)).toMatchObject({
      coupons: [{ title: '满 30 减 8', returned: false }],
      packet: { title: '满 25 减 5', state: 'used' },
    })
    expect(await till.couponOf(packet.couponId)).toMatchObject({ state: 'used' })
  })
})

describe('who may', () => {
  test('a clerk until the points become spendable, a manager later, too', async () => {
    const { clock } = till.one
    const { visit, memberId } = await till.visited()
    const [one, two] = [await till.pay(visit, 6_800), await till.pay(visit, 5_000)]
    const until = new Date(new Date(one.activeAt).getTime() - 1)
    clock.at = until
    await till.takeBack(memberId, one.orderId)
    clock.pass(1)
    expect(await refusalOf(till.takeBack(memberId, two.orderId), 'RETURN_OVER')).toEqual({ until: until.toISOString() })
    clock.pass(100 * DAY)
    await till.takeBack(memberId, two.orderId, { by: await manager() })
  })

  test('another store while the customer shows a live code there, and not otherwise', async () => {
    const guest = await till.visited()
    const { memberId } = guest
    const { orderId } = await till.pay(guest.visit, 6_800)
    const by = await newStaff(till.one)
    await refusalOf(till.takeBack(memberId, orderId, { by }), 'VISIT_UNKNOWN')
    await refusalOf(till.takeBack(memberId, orderId, { by, visitId: guest.visit.visitId }), 'VISIT_UNKNOWN')
    const at = { requestId: randomUUID(), tillId: by.tillId }
    const told = await findVisit(by.ctx, by, { ...at, memberNo: guest.memberNo })
    await refusalOf(till.takeBack(memberId, orderId, { by, visitId: told.visitId }), 'CODE_NEEDED')
    const { visitId } = await newVisit(till.one, guest, by)
    till.one.clock.pass(10 * MINUTE)
    await refusalOf(till.takeBack(memberId, orderId, { by, visitId }), 'VISIT_OVER')
    till.one.clock.pass(-10 * MINUTE)
    expect(await till.takeBack(memberId, orderId, { by, visitId })).toMatchObject({ refundedFen: 6_800 })
    const entry = await by.ctx.db.auditEntry.findFirst({ where: { storeId: by.storeId }, orderBy: { seq: 'desc' } })
    expect(entry).toMatchObject({ verb: 'order.return', subject: orderId })
  })

  test('nobody who does not work here, and nobody with a reference of something else', async () => {
    const { visit, memberId, ctx } = await till.visited()
    const { orderId } = await till.pay(visit, 6_800)
    await refusalOf(till.takeBack(memberId, orderId, { by: { ...till.clerk, ctx, memberId } }), 'STAFF_NEEDED')
    const other = await till.visited()
    await refusalOf(till.takeBack(other.memberId, orderId), 'NOT_FOUND')
    const ask = (orderRef: string) => returnOrder(till.clerk.ctx, till.clerk, { requestId: randomUUID(), orderRef })
    for (const orderRef of ['', 'x', orderId, visit.memberRef]) await refusalOf(ask(orderRef), 'NOT_FOUND')
  })
})

describe('I-P4 at any concurrency', () => {
  test('64 returns of one order by as many commands over two processes: one effect', async () => {
    const { visit, memberId } = await till.visited()
    const before = await accountOf(memberId)
    const { orderId } = await till.pay(visit, 6_800)
    const returns = Array.from({ length: 64 }, (_, n) => till.takeBack(memberId, orderId, { in: either(n) }))
    expect(await endsOf(returns)).toEqual({ answer: 1, RETURN_DONE: 63 })
    expect(await accountOf(memberId)).toEqual(before)
  })

  test('one return sent 64 times: one effect, 64 equal answers', async () => {
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 6_800)
    const requestId = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => till.takeBack(memberId, orderId, { requestId, in: either(n) })),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await accountOf(memberId)).toMatchObject({ pendingPoints: 0, growth: 0, debtPoints: 0 })
  })

  test('32 returns beside 32 settles of one member: what was kept is what was settled', async () => {
    const { visit, memberId } = await till.visited()
    const old = []
    for (let n = 0; n < 32; n++) old.push(await till.pay(visit, 1_000))
    const works = old.flatMap(({ orderId }, n) => [
      till.takeBack(memberId, orderId, { in: either(n) }),
      till.pay(visit, 100 * (n + 1), { in: either(n + 1) }),
    ])
    expect(await endsOf(works)).toEqual({ answer: 64 })
    expect(await accountOf(memberId)).toMatchObject({ pendingPoints: 528, growth: 528, debtPoints: 0 })
  })
})
