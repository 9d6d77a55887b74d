import fc from 'fast-check'
import { DEMO_POLICY } from './policy'
import { growthToKeep, nextTier, rungOf, tierAt, tierValidUntil } from './tier'

test.each([
  [0, 1],
  [999, 1],
  [1_000, 2],
  [1_999, 2],
  [2_000, 3],
  [5_000, 4],
  [11_999, 4],
  [12_000, 5],
  [29_999, 5],
  [30_000, 6],
  [2_000_000_000, 6],
])('%i growth reaches tier %i', (growth, tier) => {
  expect(tierAt(growth, DEMO_POLICY).tier).toBe(tier)
})

test('a ladder may be written in any order', () => {
  const turned = { ...DEMO_POLICY, tiers: [...DEMO_POLICY.tiers].reverse() }
  for (const growth of [0, 1_500, 40_000]) expect(tierAt(growth, turned)).toEqual(tierAt(growth, DEMO_POLICY))
  expect(nextTier(2, 1_500, turned)).toEqual(nextTier(2, 1_500, DEMO_POLICY))
})

test('a ladder whose first rung is above zero still holds everybody', () => {
  const steep = { ...DEMO_POLICY, tiers: DEMO_POLICY.tiers.slice(1) }
  expect(tierAt(0, steep).tier).toBe(2)
})

describe('what lifts', () => {
  test.each([
    [1, 0, { tier: 2, needGrowth: 1_000, atGrowth: 1_000, fromGrowth: 0 }],
    [1, 680, { tier: 2, needGrowth: 320, atGrowth: 1_000, fromGrowth: 0 }],
    [2, 1_250, { tier: 3, needGrowth: 750, atGrowth: 2_000, fromGrowth: 1_000 }],
    [5, 29_999, { tier: 6, needGrowth: 1, atGrowth: 30_000, fromGrowth: 12_000 }],
    [6, 99_999, null],
  ])('tier %i with %i growth', (tier, growth, next) => {
    expect(nextTier(tier, growth, DEMO_POLICY)).toEqual(next)
  })

  test('a tier kept with less growth than it once took: the next needs all that is missing', () => {
    expect(nextTier(3, 400, DEMO_POLICY)).toMatchObject({ tier: 4, needGrowth: 4_600, fromGrowth: 2_000 })
  })

  test('growth beyond the next threshold that was not raised yet needs nothing more', () => {
    expect(nextTier(1, 1_500, DEMO_POLICY)?.needGrowth).toBe(0)
  })
})

describe('what keeps', () => {
  test.each([
    [1, 0, null],
    [2, 1_000, 0],
    [2, 400, 600],
    [3, 5_000, 0],
    [6, 0, 30_000],
  ])('tier %i with %i growth misses %p', (tier, growth, missing) => {
    expect(growthToKeep(tier, growth, DEMO_POLICY)).toBe(missing)
  })
})

test('a tier number of an older ladder falls to the lowest rung', () => {
  expect(rungOf(9, DEMO_POLICY).tier).toBe(1)
})

test.each([
  ['2026-11-22T04:00:00Z', '2027-11-30T15:59:59.999Z'],
  ['2026-11-30T16:00:00Z', '2027-12-31T15:59:59.999Z'],
  ['2027-02-28T15:59:59Z', '2028-02-29T15:59:59.999Z'],
])('a tier reached at %s is safe until %s', (at, until) => {
  expect(tierValidUntil(new Date(at), DEMO_POLICY)).toEqual(new Date(until))
})

test('more growth never means a lower tier, and what lifts really lifts', () => {
  const growth = fc.integer({ min: 0, max: 60_000 })
  fc.assert(
    fc.property(growth, growth, (some, more) => {
      const held = tierAt(some, DEMO_POLICY)
      expect(tierAt(some + more, DEMO_POLICY).tier).toBeGreaterThanOrEqual(held.tier)
      expect(growthToKeep(held.tier, some, DEMO_POLICY) ?? 0).toBe(0)
      const next = nextTier(held.tier, some, DEMO_POLICY)
      if (!next) return expect(held.tier).toBe(6)
      expect(tierAt(some + next.needGrowth, DEMO_POLICY).tier).toBe(next.tier)
      expect(tierAt(some + next.needGrowth - 1, DEMO_POLICY).tier).toBe(held.tier)
    }),
  )
})
