import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newStaff, newVisit, type TestHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { showHome } from '../home/show-home'
import { mergeMember } from '../member'
import { award, memberHouse, newMember, oldCard } from '../member/member.fixture'
import { settleOrder } from '../order'
import { openCounter } from '../order/counter.fixture'
import { reviewDueStandings } from '.'
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
    leaving: [],
    sources: [],
    history: [],
    warning: null,
    ladder: one.house.policy.tiers,
  })
  await refusalOf(explainTier(one.as()), 'SESSION_NEEDED')
})

test('purchases lift at once; each source is counted and adds up to what the card shows', async () => {
  const [clerk, me, card] = [await newStaff(one), await newMember(one), await oldCard(one, { points: 0 })]
  let lifted = one.clock.at
  for (const amountFen of [60_000, 50_099]) {
    const { visitId, memberRef } = await newVisit(one, me, clerk)
    await settleOrder(clerk.ctx, clerk, { requestId: randomUUID(), visitId, memberRef, amountFen })
    lifted = one.clock.at
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
    // of what was earned today nothing counts on the last day any more
    keep: { needGrowth: 1_000, by: '2027-11-30T15:59:59.999Z', countsAtEnd: 0, landsOn: 1 },
    leaving: [{ at: '2027-11-22T16:00:00.000Z', growth: 1_390 }],
    history: [{ at: lifted.toISOString(), before: 1, after: 2, reason: 'raised', words: '升到黄金' }],
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
    keep: { needGrowth: 700, by: until.toISOString(), countsAtEnd: 300, landsOn: 1 },
    leaving: [{ growth: 300 }],
    warning: null,
    next: { tier: 3, needGrowth: 1_700 },
    sources: [{ growth: 300 }],
  })
})

test('at the top there is nothing above', async () => {
  const me = await newMember(one)
  await one.house.prisma.standing.update({ where: { memberId: me.memberId }, data: { tier: 6 } })
  expect(await explainTier(me.ctx)).toMatchObject({ tier: 6, next: null, keep: { needGrowth: 30_000 } })
})

test('within 30 days of its end a tier is warned of in words; then it has landed, and its history says so', async () => {
  const [clerk, me] = [await newStaff(one), await newMember(one)]
  const buy = async (yuan: number) => {
    const { visitId, memberRef } = await newVisit(one, me, clerk)
    return settleOrder(clerk.ctx, clerk, { requestId: randomUUID(), visitId, memberRef, amountFen: yuan * 100 })
  }
  await buy(2_000)
  one.clock.pass(100 * DAY)
  await buy(300)
  const { keep } = await explainTier(me.ctx)
  expect(keep).toMatchObject({ needGrowth: 1_700, countsAtEnd: 300, landsOn: 2 })
  const end = new Date(keep?.by as string)
  one.clock.at = new Date(end.getTime() - 31 * DAY)
  expect(await explainTier(me.ctx)).toMatchObject({ growth: 2_300, warning: null })
  one.clock.at = new Date(end.getTime() - 30 * DAY)
  const { warning } = await explainTier(me.ctx)
  expect(warning).toMatch(/^差 1,700 成长值就能留住铂金，\d+ 月 \d+ 日前都算；不够的话会先到黄金，一步一步来。$/)
  expect((await showHome(me.ctx)).today).toContainEqual({
    kind: 'tier_ending',
    tier: 3,
    endsAt: keep?.by,
    needGrowth: 1_700,
  })
  one.clock.at = new Date(end.getTime() + 1)
  await reviewDueStandings(one.as(), { batch: 99 })
  const landed = await explainTier(me.ctx)
  expect(landed).toMatchObject({ tier: 2, growth: 300, warning: null, keep: { countsAtEnd: 0, landsOn: 1 } })
  expect(landed.history.map(({ words }) => words)).toEqual(['从铂金先到黄金，一步一步来', '升到铂金'])
})

test('what was returned is in no figure, and what a merge brought leaves with its own day', async () => {
  const till = await openCounter(database.url)
  till.one.clock.at = one.clock.at
  const [me, other] = [await till.visited(), await till.visited()]
  await till.pay(me.visit, 20_000)
  const back = await till.pay(me.visit, 30_000)
  const theirs = await till.pay(other.visit, 50_000)
  till.one.clock.pass(40 * DAY)
  await till.pay(await newVisit(till.one, { ctx: till.one.as(me.memberId) }, till.clerk), 10_000)
  const by = await newStaff(till.one, { role: 'manager', shop: till.clerk })
  await till.takeBack(me.memberId, back.orderId, { by })
  await inTx(till.one.as(), (tx) => mergeMember(tx, me.memberId, other.memberId))
  const ctx = till.one.as(me.memberId)
  const merged = await explainTier(ctx)
  expect(merged).toMatchObject({
    growth: 800,
    sources: [
      { reason: 'merged_in', growth: 500 },
      { reason: 'purchase', count: 2, growth: 300 },
    ],
  })
  expect(merged.leaving.map(({ growth }) => growth)).toEqual([700, 100])
  await till.takeBack(me.memberId, theirs.orderId, { by })
  const after = await explainTier(ctx)
  expect(after).toMatchObject({ growth: 300, sources: [{ reason: 'purchase', count: 2, growth: 300 }] })
  expect(after.leaving.map(({ growth }) => growth)).toEqual([200, 100])
  await till.close()
})
