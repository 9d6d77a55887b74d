import { tierTermsOf, tierValidUntil } from '@huiyuan/shared/tier'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newMember, newStaff, newVisit, type Person } from '../../../test/support/people'
import { award } from '../member/member.fixture'
import { merged, undone } from '../merge/undo.fixture'
import { type Counter, openCounter } from '../order/counter.fixture'
import { explainTier } from './explain-tier'

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
})
afterEach(async () => {
  await expectLedgerHolds(till.one.house.prisma)
  till.one.clock.pass(DAY_MS)
})
afterAll(() => till.close())

const pass = (days: number) => till.one.clock.pass(days * DAY_MS)
const tier = async ({ memberId }: Pick<Person, 'memberId'>) =>
  (await till.one.house.prisma.standing.findUniqueOrThrow({ where: { memberId } })).tier
/** Earns growth as a purchase does: it lifts at once. */
const grown = async ({ memberId }: Pick<Person, 'memberId'>, growth: number) => {
  const { house, clock } = till.one
  await award(till.one, memberId, { points: 0, growth })
  const has = await house.prisma.account.findUniqueOrThrow({ where: { memberId } })
  const validUntil = tierValidUntil(clock.at, house.policy)
  await house.sql('tier_raise', {
    memberId,
    growth: has.growth,
    at: clock.at,
    validUntil,
    ...tierTermsOf(house.policy),
  })
}
/** What the tier page says: the tier, what counts, and that its parts add up to it. */
const explained = async ({ ctx }: Person) => {
  const { tier: held, growth, sources, days, history } = { days: [], ...(await explainTier(ctx)) }
  expect(days).toEqual([])
  expect(sources.reduce((sum, source) => sum + source.growth, 0)).toBe(growth)
  return {
    tier: held,
    growth,
    sources: sources.map(({ reason, count }) => `${reason} ${count}`),
    last: history[0]?.reason,
  }
}
const pay = async (person: Person, fen: number) => till.pay(await newVisit(till.one, person, till.clerk), fen)

test('a tier that only both growths together had reached falls; what the survivor earned since is its own and lifts again', async () => {
  const [me, other] = await Promise.all([newMember(till.one), newMember(till.one)])
  await grown(me, 600)
  await grown(other, 1_500)
  const first = await merged(till.one, me.memberId, other.memberId)
  expect(await tier(me)).toBe(3)
  pass(30)
  await grown(me, 500)
  expect((await undone(till.one, first)).back).toMatchObject({ growth: 1_500, tierBefore: 3, tierAfter: 2 })
  expect(await explained(me)).toMatchObject({ tier: 2, growth: 1_100, sources: ['opening 2'], last: 'separated' })
  expect(await explained(other)).toMatchObject({ tier: 2, growth: 1_500, sources: ['opening 1'] })
  // once more, and now the survivor reaches by itself what the merge had reached
  pass(1)
  const again = await merged(till.one, me.memberId, other.memberId)
  await grown(me, 1_000)
  pass(1)
  await undone(till.one, again)
  expect(await explained(me)).toMatchObject({ tier: 3, growth: 2_100 })
  expect(await explained(other)).toMatchObject({ tier: 2, growth: 1_500 })
})

test('what is returned of the other’s purchase while they were one is the other’s loss, also for its tier', async () => {
  const manager = await newStaff(till.one, { role: 'manager', shop: till.clerk })
  const [me, other] = [await till.visited(), await till.visited()]
  await till.pay(me.visit, 30_000)
  const bought = await till.pay(other.visit, 120_000)
  pass(1)
  const kept = await pay(other, 20_000)
  expect(kept).toMatchObject({ tierAfter: 2 })
  const mergeId = await merged(till.one, me.memberId, other.memberId)
  await till.takeBack(me.memberId, bought.orderId, { by: manager, refundFen: 60_000 })
  expect(await tier(me)).toBe(2)
  pass(1)
  await undone(till.one, mergeId)
  expect(await explained(me)).toMatchObject({ tier: 1, growth: 300, sources: ['purchase 1'] })
  expect(await explained(other)).toMatchObject({ tier: 1, growth: 800, sources: ['purchase 2'] })
  // a later return of what is left is no second one of the first part
  await till.takeBack(other.memberId, bought.orderId, { by: manager })
  expect(await explained(other)).toMatchObject({ tier: 1, growth: 200, sources: ['purchase 1'] })
  // what the other's growth had once reached holds nobody up
  const lifted = await pay(me, 80_000)
  expect(lifted).toMatchObject({ tierAfter: 2 })
  expect(await till.takeBack(me.memberId, lifted.orderId, { by: manager })).toMatchObject({ tierAfter: 1 })
})

test('growth that leaves its window while they are one is gone for both; a tier landed on since stays where own growth would not hold it', async () => {
  const [me, other] = await Promise.all([newMember(till.one), newMember(till.one)])
  await grown(me, 1_200)
  pass(200)
  await grown(other, 2_500)
  const mergeId = await merged(till.one, me.memberId, other.memberId)
  expect(await tier(me)).toBe(3)
  pass(200)
  const { back } = await undone(till.one, mergeId)
  expect(back).toMatchObject({ growth: 2_500, tierBefore: 3 })
  // the tier from before had ended by now: the next look lands it
  expect(await explained(other)).toMatchObject({ tier: 3, growth: 2_500 })
  expect((await explainTier(me.ctx)).growth).toBe(0)
  for (const { memberId } of [me, other])
    await till.one.house.sql('tier_review', { memberId, at: till.one.clock.at, ...tierTermsOf(till.one.house.policy) })
  expect([await tier(me), await tier(other)]).toEqual([1, 3])
})

test('three that became one and come apart in turn have each their own tier', async () => {
  const people = await Promise.all([newMember(till.one), newMember(till.one), newMember(till.one)])
  const [a, b, c] = people as [Person, Person, Person]
  await grown(a, 2_200)
  await grown(b, 300)
  await grown(c, 1_100)
  const first = await merged(till.one, b.memberId, a.memberId)
  pass(1)
  const second = await merged(till.one, c.memberId, b.memberId)
  pass(1)
  await grown(c, 10)
  await undone(till.one, second)
  expect([await tier(c), await tier(b)]).toEqual([2, 3])
  await undone(till.one, first)
  expect(await Promise.all(people.map(tier))).toEqual([3, 1, 2])
  expect((await Promise.all(people.map(explained))).map(({ growth }) => growth)).toEqual([2_200, 300, 1_110])
})
