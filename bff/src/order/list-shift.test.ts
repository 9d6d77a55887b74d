import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newMember, newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { listShift } from './list-shift'
import { settleOrder } from './settle-order'

const database = testDatabase()
let shop: TestHouse
let clerk: Colleague
beforeAll(() => {
  shop = testHouse(database.url)
})
beforeEach(async () => {
  clerk = await newStaff(shop)
})
afterAll(() => shop.close())

const purchases = async (amountsFen: number[], by = clerk, name = '林小满') => {
  const { visitId, memberRef } = await newVisit(shop, await newMember(shop, { name }), by)
  for (const amountFen of amountsFen)
    await settleOrder(by.ctx, by, { requestId: randomUUID(), visitId, memberRef, amountFen })
}
const shift = (cursor?: string, by = clerk) => listShift(by.ctx, by, { cursor })

test('is empty in the morning', async () => {
  expect(await shift()).toEqual({
    orders: [],
    totals: { count: 0, amountFen: 0, points: 0, members: 0 },
    nextCursor: null,
  })
})

test('shows the own store’s orders of today, the newest first, names masked', async () => {
  await purchases([6_800])
  shop.clock.pass(1_000)
  await purchases([3_650], clerk, '王一')
  await purchases([9_900], await newStaff(shop))
  const { orders, totals } = await shift()
  expect(orders).toEqual([
    {
      orderId: expect.any(String),
      orderRef: expect.any(String),
      orderNo: expect.any(String),
      settledAt: shop.clock.at.toISOString(),
      fullFen: 3_650,
      amountFen: 3_650,
      refundedFen: 0,
      points: 36,
      pointsUsed: 0,
      lines: [],
      state: 'settled',
      nameMasked: '王*',
      tillId: clerk.tillId,
      staffName: '阿*',
    },
    expect.objectContaining({ amountFen: 6_800, points: 68, nameMasked: '林**' }),
  ])
  expect(totals).toEqual({ count: 2, amountFen: 10_450, points: 104, members: 2 })
})

test('counts a member with two orders once', async () => {
  await purchases([100, 200])
  expect((await shift()).totals).toMatchObject({ count: 2, members: 1 })
})

test('pages without a gap or a double, also among orders of the same millisecond', async () => {
  await purchases(Array.from({ length: 40 }, (_, n) => 100 * (n + 1)))
  shop.clock.pass(5)
  await purchases(Array.from({ length: 30 }, (_, n) => 10_000 + n))
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await shift(cursor)
    seen.push(...page.orders.map(({ orderId }) => orderId))
    expect(page.totals.count).toBe(70)
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  expect(seen).toHaveLength(70)
  expect(new Set(seen).size).toBe(70)
})

test('begins anew at midnight in Shanghai', async () => {
  const { clock } = shop
  const before = clock.at
  clock.at = new Date('2026-11-23T15:59:59.999Z')
  await purchases([6_800])
  expect((await shift()).totals.count).toBe(1)
  clock.pass(1)
  expect((await shift()).totals.count).toBe(0)
  clock.at = before
})

test.each(['x', '1.2', `${Date.now()}.${'z'.repeat(36)}`])(
  'a cursor that it never gave (%s) is bad input',
  async (cursor) => {
    await refusalOf(shift(cursor), 'BAD_INPUT')
  },
)
