import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newStaff, newVisit, type TestHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { award, memberHouse, newMember, oldCard } from '../member/member.fixture'
import { settleOrder } from '../order'
import { explainTier } from './explain-tier'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = memberHouse(database.url)
})
afterAll(() => one.close())

test('a newcomer: what lifts, nothing to keep, the whole ladder', async () => {
  const { ctx } = await newMember(one)
  expect(await explainTier(ctx)).toEqual({
    tier: 1,
    growth: 0,
    since: one.clock.at.toISOString(),
    validUntil: null,
    next: { tier: 2, needGrowth: 1_000, atGrowth: 1_000, fromGrowth: 0 },
    keep: null,
    windowFrom: '2025-11-21T16:00:00.000Z',
    sources: [],
    ladder: one.house.policy.tiers,
  })
  await refusalOf(explainTier(one.as()), 'SESSION_NEEDED')
})

test('purchases lift at once; each source is counted and adds up to what the card shows', async () => {
  const [clerk, me, card] = [await newStaff(one), await newMember(one), await oldCard(one, { points: 0 })]
  for (const amountFen of [60_000, 50_099]) {
    const { visitId, memberRef } = await newVisit(one, me, clerk)
    await settleOrder(clerk.ctx, clerk, { requestId: randomUUID(), visitId, memberRef, amountFen })
    one.clock.pass(30_000)
  }
  await award(one, me.memberId, { points: 0, growth: 200, reason: 'opening' })
  await award(one, card.memberId, { points: 0, growth: 90 })
  await inTx(one.as(), (tx) => mergeMember(tx, me.memberId, card.memberId))
  const told = await explainTier(me.ctx)
  expect(told).toMatchObject({
    tier: 2,
    growth: 1_390,
    validUntil: '2027-11-30T15:59:59.999Z',
    next: { tier: 3, needGrowth: 610, atGrowth: 2_000, fromGrowth: 1_000 },
    keep: { needGrowth: 0, by: '2027-11-30T15:59:59.999Z' },
    sources: [
      { reason: 'purchase', count: 2, growth: 1_100, words: '消费 2 单' },
      { reason: 'opening', count: 1, growth: 200, words: '开通会员时带来' },
      { reason: 'merged_in', count: 1, growth: 90, words: '老会员卡并入' },
    ],
  })
  expect(told.sources.reduce((sum, { growth }) => sum + growth, 0)).toBe(told.growth)
})

test('a tier held with less growth than it takes says what is missing and by when; older growth no longer counts', async () => {
  const me = await newMember(one)
  await award(one, me.memberId, { points: 0, growth: 1_500, at: new Date(one.clock.at.getTime() - 400 * DAY) })
  await award(one, me.memberId, { points: 0, growth: 300 })
  const windowFrom = new Date((await explainTier(me.ctx)).windowFrom)
  await one.house.sql('ledger_settle_growth', { memberId: me.memberId, at: one.clock.at, from: windowFrom })
  const until = new Date('2027-01-31T15:59:59.999Z')
  await one.house.prisma.standing.update({
    where: { memberId: me.memberId },
    data: { tier: 2, validUntil: until },
  })
  expect(await explainTier(me.ctx)).toMatchObject({
    tier: 2,
    growth: 300,
    keep: { needGrowth: 700, by: until.toISOString() },
    next: { tier: 3, needGrowth: 1_700 },
    sources: [{ growth: 300 }],
  })
})

test('at the top there is nothing above', async () => {
  const me = await newMember(one)
  await one.house.prisma.standing.update({ where: { memberId: me.memberId }, data: { tier: 6 } })
  expect(await explainTier(me.ctx)).toMatchObject({ tier: 6, next: null, keep: { needGrowth: 30_000 } })
})
