import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newMember, newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { previewOrder } from './preview-order'
import { settleOrder } from './settle-order'

const database = testDatabase()
let shop: TestHouse
let clerk: Colleague
beforeAll(async () => {
  shop = testHouse(database.url)
  clerk = await newStaff(shop)
})
afterAll(() => shop.close())

type Visit = Awaited<ReturnType<typeof newVisit>>
const preview = ({ visitId, memberRef }: Pick<Visit, 'visitId' | 'memberRef'>, amountFen = 6_800, by = clerk) =>
  previewOrder(by.ctx, by, { visitId, memberRef, amountFen })
const visited = async () => {
  const member = await newMember(shop)
  return { ...member, visit: await newVisit(shop, member, clerk) }
}

test('tells what the amount would earn, and writes nothing', async () => {
  const { visit, memberId } = await visited()
  expect(await preview(visit)).toEqual({
    amountFen: 6_800,
    payableFen: 6_800,
    points: 68,
    growth: 68,
    activeAt: '2026-12-06T16:00:00.000Z',
    tierAfter: 1,
    words: ['获得 68 积分，12 月 7 日生效', '再积 932 成长值升黄金'],
  })
  expect(await shop.as().db.order.count({ where: { memberId } })).toBe(0)
})

test.each([99, 6_800, 100_000, 250_000])('promises for %i fen what settling then gives', async (amountFen) => {
  const { visit } = await visited()
  const { points, growth, activeAt, tierAfter } = await preview(visit, amountFen)
  const { visitId, memberRef } = visit
  const order = await settleOrder(clerk.ctx, clerk, { requestId: randomUUID(), visitId, memberRef, amountFen })
  expect(order).toMatchObject({ points, growth, activeAt, tierAfter })
})

test('follows a merged member to the survivor', async () => {
  const kept = await newMember(shop)
  const { visit, memberId } = await visited()
  await inTx(shop.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
  expect(await preview(visit)).toMatchObject({ points: 68 })
})

test('is refused for amounts that cannot be rung up, foreign and ended visits', async () => {
  const [{ visit }, theirs] = [await visited(), await visited()]
  await refusalOf(preview(visit, 0), 'AMOUNT_INVALID')
  await refusalOf(preview({ ...visit, memberRef: theirs.visit.memberRef }), 'VISIT_UNKNOWN')
  await refusalOf(preview(visit, 6_800, await newStaff(shop)), 'VISIT_UNKNOWN')
  shop.clock.pass(600_000)
  await refusalOf(preview(visit), 'VISIT_OVER')
})
