import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, programmeTotals } from '../../../test/support/ledger'
import { type Colleague, newMember, newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { type SettledOrder, settleOrder } from './settle-order'

const MINUTE = 60_000
const database = testDatabase()
let one: TestHouse
let other: TestHouse
let clerk: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
  clerk = await newStaff(one)
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => Promise.all([one.close(), other.close()]))

type Visit = Awaited<ReturnType<typeof newVisit>>
const settle = (
  { visitId, memberRef }: Pick<Visit, 'visitId' | 'memberRef'>,
  amountFen = 6_800,
  more: { requestId?: string; by?: Colleague; in?: TestHouse } = {},
): Promise<SettledOrder> => {
  const by = more.by ?? clerk
  const ctx = more.in ? more.in.as(by.memberId) : by.ctx
  return settleOrder(ctx, by, { requestId: more.requestId ?? randomUUID(), visitId, memberRef, amountFen })
}
const visited = async () => {
  const member = await newMember(one)
  return { ...member, visit: await newVisit(one, member, clerk) }
}
const booksOf = async (memberId: string) => {
  const { db } = one.as()
  const where = { memberId }
  const [account, standing, orders, lots, effects] = await Promise.all([
    db.account.findUniqueOrThrow({ where }),
    db.standing.findUniqueOrThrow({ where }),
    db.order.count({ where }),
    db.lot.count({ where }),
    db.effect.count({ where: { ...where, kind: 'order' } }),
  ])
  return { pending: account.pendingPoints, growth: account.growth, tier: standing.tier, orders, lots, effects }
}

describe('a purchase', () => {
  test('earns pending points and growth, and says what there is now', async () => {
    const { visit, memberId } = await visited()
    const order = await settle(visit, 6_899)
    expect(order).toEqual({
      orderId: expect.any(String),
      orderNo: expect.stringMatching(/^261122-[0-9A-HJKMNP-TV-Z]{8}$/),
      fullFen: 6_899,
      amountFen: 6_899,
      points: 68,
      pointsUsed: 0,
      lines: [],
      growth: 68,
      activeAt: '2026-12-06T16:00:00.000Z',
      pointsAfter: { available: 0, pending: 68 },
      tierBefore: 1,
      tierAfter: 1,
      packet: null,
      settledAt: one.clock.at.toISOString(),
    })
    expect(await booksOf(memberId)).toEqual({ pending: 68, growth: 68, tier: 1, orders: 1, lots: 1, effects: 1 })
  })

  test('is kept with who, where and in which visit, and stands in the audit', async () => {
    const { visit, memberId } = await visited()
    const { orderId } = await settle(visit)
    const { db } = one.as()
    expect(await db.order.findFirst({ where: { memberId } })).toMatchObject({
      visitId: visit.visitId,
      storeId: clerk.storeId,
      tillId: clerk.tillId,
      staffId: clerk.memberId,
      channel: 'counter',
    })
    const entry = await db.auditEntry.findFirst({ where: { storeId: clerk.storeId }, orderBy: { seq: 'desc' } })
    expect(entry).toMatchObject({ verb: 'order.settle', subject: orderId, actorId: clerk.memberId })
  })

  test('under a yuan earns nothing and is an order all the same', async () => {
    const { visit, memberId } = await visited()
    expect(await settle(visit, 99)).toMatchObject({ points: 0, growth: 0 })
    expect(await booksOf(memberId)).toMatchObject({ pending: 0, orders: 1, lots: 0, effects: 1 })
  })

  test('lifts the tier at once, over two rungs if it must', async () => {
    const { visit, memberId } = await visited()
    expect(await settle(visit, 200_000)).toMatchObject({ tierBefore: 1, tierAfter: 3 })
    expect(await settle(visit, 100)).toMatchObject({ tierBefore: 3, tierAfter: 3 })
    const standing = await one.as().db.standing.findUniqueOrThrow({ where: { memberId } })
    expect(standing).toMatchObject({ tier: 3, validUntil: new Date('2027-11-30T15:59:59.999Z') })
  })

  test('runs the handlers of other nouns in the same transaction', async () => {
    const { registry } = one.house
    const told = testHouse(database.url, {
      clock: one.clock,
      registry: {
        ...registry,
        handlers: {
          ...registry.handlers,
          'order.settled': [
            ({ memberId, points, at }) => [
              { fn: 'outbox_put', args: { memberId, template: 'test', payload: { points }, at } },
            ],
          ],
        },
      },
    })
    const { visit, memberId } = await visited()
    await settle(visit, 6_800, { in: told })
    await told.close()
    const messages = await one.as().db.outboxMessage.findMany({ where: { memberId, template: 'test' } })
    expect(messages).toMatchObject([{ payload: { points: 68 } }])
  })
})

describe('I-L5: one command, one effect', () => {
  test('one settle sent 64 times over two processes: one effect, 64 equal answers', async () => {
    const { visit, memberId } = await visited()
    const requestId = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => settle(visit, 6_800, { requestId, in: n % 2 ? one : other })),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await booksOf(memberId)).toEqual({ pending: 68, growth: 68, tier: 1, orders: 1, lots: 1, effects: 1 })
  })

  test('sent again after the visit is over it still gives the first answer', async () => {
    const { visit } = await visited()
    const requestId = randomUUID()
    const first = await settle(visit, 6_800, { requestId })
    one.clock.pass(20 * MINUTE)
    expect(await settle(visit, 6_800, { requestId })).toEqual(first)
  })

  test('the same requestId for another amount is refused and has no effect', async () => {
    const { visit, memberId } = await visited()
    const requestId = randomUUID()
    await settle(visit, 6_800, { requestId })
    await refusalOf(settle(visit, 6_900, { requestId }), 'REQUEST_REUSED')
    expect(await booksOf(memberId)).toMatchObject({ pending: 68, orders: 1 })
  })

  test('the same requestId of another clerk is another command', async () => {
    const { visit, memberId } = await visited()
    const requestId = randomUUID()
    await settle(visit, 6_800, { requestId })
    await settle(visit, 6_800, { requestId, by: await newStaff(one, { shop: clerk }) })
    expect(await booksOf(memberId)).toMatchObject({ pending: 136, orders: 2 })
  })
})

describe('I-L1, I-L2, I-L3: the books at any concurrency', () => {
  test('64 different settles of one member at once over two processes: all count, the sums hold', async () => {
    const { visit, memberId } = await visited()
    const before = await programmeTotals(one.as().db)
    await Promise.all(Array.from({ length: 64 }, (_, n) => settle(visit, 100 * (n + 1), { in: n % 2 ? one : other })))
    const earned = (64 * 65) / 2
    expect(await booksOf(memberId)).toEqual({
      pending: earned,
      growth: earned,
      tier: 3,
      orders: 64,
      lots: 64,
      effects: 64,
    })
    const { points } = await programmeTotals(one.as().db)
    expect(points - before.points).toBe(earned)
  })

  test('I-ID2: 64 different settles beside a merge that takes the member away: none is lost, none is doubled', async () => {
    const kept = await newMember(one)
    const { visit, memberId } = await visited()
    const before = await programmeTotals(one.as().db)
    const settles = Array.from({ length: 64 }, (_, n) => settle(visit, 100 * (n + 1), { in: n % 2 ? one : other }))
    const merge = inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    const [ends] = await Promise.all([endsOf(settles), merge])
    const earned = (64 * 65) / 2
    expect(ends).toEqual({ answer: 64 })
    expect((await programmeTotals(one.as().db)).points - before.points).toBe(earned)
    expect(await booksOf(kept.memberId)).toMatchObject({ pending: earned, growth: earned, tier: 3, orders: 64 })
    expect(await booksOf(memberId)).toMatchObject({ pending: 0, growth: 0, orders: 0 })
  })

  test('a visit from before the merge is rung up for the survivor', async () => {
    const kept = await newMember(one)
    const { visit, memberId } = await visited()
    await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    await settle(visit)
    expect(await booksOf(kept.memberId)).toMatchObject({ pending: 68, orders: 1 })
  })

  test('at many tills of one store at once, each order stands in the audit', async () => {
    const before = await one.as().db.auditEntry.count({ where: { storeId: clerk.storeId } })
    const visits = []
    for (let n = 0; n < 8; n++) visits.push((await visited()).visit)
    await Promise.all(visits.flatMap((visit) => [settle(visit), settle(visit, 200, { in: other })]))
    expect(await one.as().db.auditEntry.count({ where: { storeId: clerk.storeId } })).toBe(before + 8 + 16)
  })
})

describe('is refused', () => {
  test.each([0, -1, 0.5, 10_000_001, Number.NaN])('for an amount of %p fen', async (amountFen) => {
    const { visit, memberId } = await visited()
    await refusalOf(settle(visit, amountFen), 'AMOUNT_INVALID')
    expect(await booksOf(memberId)).toMatchObject({ orders: 0 })
  })

  test('once the ten minutes are over, to the millisecond', async () => {
    const { visit } = await visited()
    one.clock.pass(10 * MINUTE - 1)
    await settle(visit)
    one.clock.pass(1)
    await refusalOf(settle(visit), 'VISIT_OVER')
  })

  test('in another store', async () => {
    const { visit } = await visited()
    await refusalOf(settle(visit, 6_800, { by: await newStaff(one) }), 'VISIT_UNKNOWN')
  })

  test('for a reference of another visit, a made-up one, or an unknown visit', async () => {
    const [mine, theirs] = [await visited(), await visited()]
    const { visitId, memberRef } = mine.visit
    await refusalOf(settle({ visitId, memberRef: theirs.visit.memberRef }), 'VISIT_UNKNOWN')
    await refusalOf(settle({ visitId, memberRef: mine.memberId }), 'VISIT_UNKNOWN')
    await refusalOf(settle({ visitId, memberRef: '' }), 'VISIT_UNKNOWN')
    await refusalOf(settle({ visitId: randomUUID(), memberRef }), 'VISIT_UNKNOWN')
  })

  test('for somebody who does not work here', async () => {
    const { visit, ctx, memberId } = await visited()
    const asked = { requestId: randomUUID(), visitId: visit.visitId, memberRef: visit.memberRef, amountFen: 6_800 }
    await refusalOf(settleOrder(ctx, { memberId, storeId: clerk.storeId }, asked), 'STAFF_NEEDED')
  })
})
