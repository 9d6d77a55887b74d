import { randomUUID } from 'node:crypto'
import { endOfMonthAfter } from '@huiyuan/shared/time'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { award, owe } from '../member/member.fixture'
import { forecastPoints } from './forecast-points'
import { type Liability, reportLiability } from './report-liability'
import { settleDueLots } from './settle-due-lots'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

/** The report as of now, not as of a moment ago. */
const report = () => {
  one.clock.pass(30_000)
  return reportLiability(one.as())
}
const sumOf = ({ months, later }: Liability, what: 'available' | 'pending' | 'lots') =>
  [...months, later].reduce((sum, month) => sum + month[what], 0)
const inMonths = (months: number) => (endOfMonthAfter(one.clock.at, months).getTime() - one.clock.at.getTime()) / DAY

async function expectBalanced(liability: Liability): Promise<void> {
  const { _sum } = await one.house.prisma.account.aggregate({
    _sum: { availablePoints: true, pendingPoints: true, debtPoints: true },
  })
  expect(liability).toMatchObject({
    available: _sum.availablePoints ?? 0,
    pending: _sum.pendingPoints ?? 0,
    debt: _sum.debtPoints ?? 0,
  })
  expect(sumOf(liability, 'available')).toBe(liability.available)
  expect(sumOf(liability, 'pending')).toBe(liability.pending)
  expect(sumOf(liability, 'lots')).toBe(await one.house.prisma.lot.count({ where: { remaining: { gt: 0 } } }))
}

test('an empty programme owes nothing, month by month', async () => {
  const told = await report()
  expect(told).toMatchObject({ available: 0, pending: 0, debt: 0, members: 0, asOf: one.clock.at.toISOString() })
  expect(told.months.map(({ month }) => month).slice(0, 3)).toEqual(['2026-11', '2026-12', '2027-01'])
  expect(told.months).toHaveLength(24)
  expect(told.months[0]?.endsAt).toBe('2026-11-30T15:59:59.999Z')
})

test('by the Shanghai month in which they end, pending apart, debt against them', async () => {
  const [rich, poor] = [await newMember(one), await newMember(one)]
  await award(one, rich.memberId, { points: 300, expiresInDays: inMonths(0) })
  await award(one, rich.memberId, { points: 40, activeInDays: 3, expiresInDays: inMonths(1) })
  await award(one, rich.memberId, { points: 5, expiresInDays: inMonths(30) })
  await owe(one, poor.memberId, 70)
  const told = await report()
  expect(told).toMatchObject({ available: 305, pending: 40, debt: 70, members: 1 })
  expect(told.months.slice(0, 2)).toMatchObject([
    { month: '2026-11', available: 300, pending: 0, lots: 1 },
    { month: '2026-12', available: 0, pending: 40, lots: 1 },
  ])
  expect(told.later).toEqual({ available: 5, pending: 0, lots: 1 })
  await expectBalanced(told)
})

test('who looks again within half a minute sees the same books, said with their time', async () => {
  const told = await report()
  await award(one, (await newMember(one)).memberId, { points: 9 })
  one.clock.pass(29_000)
  expect(await reportLiability(one.as())).toEqual(told)
  one.clock.pass(1_000)
  expect((await reportLiability(one.as())).available).toBe(told.available + 9)
})

test('whatever happens: the months are the sum of all accounts, also before the jobs came', async () => {
  const members = [await newMember(one), await newMember(one), await newMember(one)]
  const act = fc.record({
    who: fc.integer({ min: 0, max: 2 }),
    points: fc.integer({ min: -150, max: 200 }).filter((points) => points !== 0),
    active: fc.integer({ min: 0, max: 40 }),
    life: fc.integer({ min: 1, max: 900 }),
    pass: fc.integer({ min: 0, max: 30 }),
    settle: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
      for (const { who, points, active, life, pass, settle } of acts) {
        const { memberId } = members[who] as (typeof members)[number]
        const at = one.clock.at
        if (points > 0) await award(one, memberId, { points, activeInDays: active, expiresInDays: active + life })
        else
          await one.house.sql('ledger_adjust', {
            ...{ memberId, at, kind: 'adjustment', sourceId: randomUUID(), points, expiresAt: at, reason: 'adjusted' },
            detail: {},
          })
        one.clock.pass(pass * DAY)
        if (settle) await settleDueLots(one.as(), { batch: 100 })
      }
      await expectBalanced(await report())
    }),
    { numRuns: 15 },
  )
})

describe('a member’s own forecast', () => {
  test('month by month in words, what has ended and others’ points left out', async () => {
    const [me, other] = [await newMember(one), await newMember(one)]
    expect(await forecastPoints(me.ctx)).toEqual({ points: 0, pendingPoints: 0, months: [], words: [] })
    await award(one, other.memberId, { points: 999 })
    await award(one, me.memberId, { points: 11, expiresInDays: 1 })
    one.clock.pass(2 * DAY)
    await award(one, me.memberId, { points: 320, expiresInDays: inMonths(1) })
    await award(one, me.memberId, { points: 30, activeInDays: 5, expiresInDays: inMonths(2) })
    await award(one, me.memberId, { points: 4, expiresInDays: inMonths(20) })
    const told = await forecastPoints(me.ctx)
    expect(told).toMatchObject({ points: 324, pendingPoints: 30 })
    expect(told.months).toMatchObject([
      { points: 320, pendingPoints: 0, endsAt: endOfMonthAfter(one.clock.at, 1).toISOString() },
      { points: 0, pendingPoints: 30 },
    ])
    expect(told.words).toEqual([
      expect.stringMatching(/月底有 320 积分到期$/),
      expect.stringMatching(/月底有 30 积分到期，其中 30 积分还没生效$/),
    ])
    await refusalOf(forecastPoints(one.as()), 'SESSION_NEEDED')
  })

  test('what counts from today on counts, before the job has come', async () => {
    const me = await newMember(one)
    await award(one, me.memberId, { points: 20, activeInDays: 1 })
    expect(await forecastPoints(me.ctx)).toMatchObject({ points: 0, pendingPoints: 20 })
    one.clock.pass(DAY)
    expect(await forecastPoints(me.ctx)).toMatchObject({ points: 20, pendingPoints: 0 })
  })
})
