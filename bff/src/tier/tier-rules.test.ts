import { DEMO_POLICY } from '@huiyuan/shared/policy'
import {
  growthCountsFrom,
  growthLeavesAt,
  nextReviewAt,
  reviewOf,
  tierTermsOf,
  tierValidUntil,
  warnTierAt,
} from '@huiyuan/shared/tier'
import { DAY_MS } from '@huiyuan/shared/time'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { newMember, type TestHouse } from '../../../test/support/people'
import { award, memberHouse } from '../member/member.fixture'
import { reviewStanding } from '.'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = memberHouse(database.url)
})
afterAll(() => one.close())

const instant = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })

test('the calendar of the database is the calendar of the rule, for any instant and window', async () => {
  await fc.assert(
    fc.asyncProperty(
      instant,
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 60 }),
      async (at, months, days) => {
        const policy = { ...DEMO_POLICY, growthWindowMonths: months, tierWarnDays: days }
        const [row] = await one.as().db.$queryRaw<Record<string, Date>[]>`
        SELECT tier_counts_from(${at}, ${months}::int) AS counts, tier_growth_leaves(${at}, ${months}::int) AS leaves,
          tier_month_end(${at}, ${months}::int) AS ends, tier_warn_at(${at}, ${days}::int) AS warns`
        expect(row).toEqual({
          counts: growthCountsFrom(at, policy),
          leaves: growthLeavesAt(at, policy),
          ends: tierValidUntil(at, policy),
          warns: warnTierAt(at, policy),
        })
      },
    ),
    { numRuns: 150 },
  )
})

test('the review of the database is the rule’s, whatever tier, growth and time', async () => {
  const { policy } = one.house
  const wish = fc.record({
    tier: fc.integer({ min: 1, max: 6 }),
    endsInDays: fc.integer({ min: -800, max: 400 }),
    warned: fc.boolean(),
    earned: fc.array(
      fc.record({ daysAgo: fc.integer({ min: 0, max: 420 }), growth: fc.integer({ min: 1, max: 9_000 }) }),
      {
        maxLength: 4,
      },
    ),
  })
  const now = new Date('2030-05-17T03:00:00Z')
  one.clock.at = now
  await fc.assert(
    fc.asyncProperty(wish, async ({ tier, endsInDays, warned, earned }) => {
      const { memberId } = await newMember(one)
      for (const { daysAgo, growth } of earned)
        await award(one, memberId, { points: 0, growth, at: new Date(now.getTime() - daysAgo * DAY_MS) })
      const validUntil = tierValidUntil(new Date(now.getTime() + (endsInDays - 380) * DAY_MS), policy)
      const warnedOf = warned ? validUntil : null
      const { prisma } = one.house
      await prisma.standing.update({ where: { memberId }, data: { tier, validUntil, warnedOf, reviewAt: now } })

      const countsAt = (day: Date) =>
        earned
          .map(({ daysAgo, growth }) => ({ at: new Date(now.getTime() - daysAgo * DAY_MS), growth }))
          .filter(({ at }) => at >= growthCountsFrom(day, policy))
      const growthAt = (day: Date) => countsAt(day).reduce((sum, { growth }) => sum + growth, 0)
      const first = reviewOf({ tier, validUntil, warnedOf, growth: growthAt(validUntil), now, policy })
      // what has landed or was kept has a new end, which may be near already when the review comes late
      const told = reviewOf({ ...first, growth: growthAt(first.validUntil), now, policy })
      const oldest = countsAt(now).reduce<Date | null>((least, { at }) => (least && least < at ? least : at), null)
      const due = nextReviewAt({ ...told, growth: growthAt(told.validUntil), oldestGrowthAt: oldest, policy })

      expect(await reviewStanding(one.as(), memberId, now)).toMatchObject({
        kept: first.outcome === 'kept',
        landed: first.outcome === 'landed',
        warned: first.outcome === 'warned' || told.outcome === 'warned',
      })
      const stored = await prisma.standing.findUniqueOrThrow({ where: { memberId } })
      expect(stored).toMatchObject({
        tier: told.tier,
        validUntil: told.validUntil,
        warnedOf: told.warnedOf,
        reviewAt: due ?? new Date('9999-12-31'),
      })
      expect((await prisma.account.findUniqueOrThrow({ where: { memberId } })).growth).toBe(growthAt(now))
    }),
    { numRuns: 120 },
  )
})

test('a tier that is no longer on the ladder is nobody’s to lose', async () => {
  const { memberId } = await newMember(one)
  const validUntil = new Date(one.clock.at.getTime() - DAY_MS)
  await one.house.prisma.standing.update({ where: { memberId }, data: { tier: 5, validUntil, reviewAt: validUntil } })
  const terms = tierTermsOf({ ...DEMO_POLICY, tiers: DEMO_POLICY.tiers.slice(0, 3) })
  expect(await one.house.sql('tier_review', { memberId, at: one.clock.at, ...terms })).toMatchObject({ landed: false })
})
