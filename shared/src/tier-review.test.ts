import fc from 'fast-check'
import { DEMO_POLICY } from './policy'
import {
  growthCountsFrom,
  growthLeavesAt,
  type HeldTier,
  isTierEnding,
  landingOf,
  nextReviewAt,
  reviewOf,
  rungOf,
  tierAt,
  tierValidUntil,
  warnTierAt,
} from './tier'
import { DAY_MS, startOfBusinessDay } from './time'

const END = new Date('2027-11-30T15:59:59.999Z')
const at = (text: string) => new Date(text)
const review = (held: Partial<HeldTier> & { growth: number }, now: Date) =>
  reviewOf({ tier: 3, validUntil: END, warnedOf: null, ...held, now, policy: DEMO_POLICY })

describe('growth counts through the same day one window later', () => {
  test.each([
    ['2026-11-22T04:00:00Z', '2027-11-22T16:00:00Z'],
    ['2026-11-21T16:00:00Z', '2027-11-22T16:00:00Z'],
    ['2026-11-21T15:59:59.999Z', '2027-11-21T16:00:00Z'],
    // a month's last day stands for all that follow it
    ['2027-02-28T04:00:00Z', '2028-02-29T16:00:00Z'],
    ['2028-02-29T04:00:00Z', '2029-02-28T16:00:00Z'],
    ['2028-02-28T04:00:00Z', '2029-02-28T16:00:00Z'],
    ['2026-12-31T04:00:00Z', '2027-12-31T16:00:00Z'],
  ])('what came at %s leaves at %s', (earned, leaves) => {
    expect(growthLeavesAt(at(earned), DEMO_POLICY)).toEqual(at(leaves))
  })

  test('the day it leaves is the first from whose window it is missing, for any day and any window', () => {
    const instant = fc.date({ min: at('2020-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z'), noInvalidDate: true })
    fc.assert(
      fc.property(instant, fc.integer({ min: 1, max: 30 }), (earned, growthWindowMonths) => {
        const policy = { ...DEMO_POLICY, growthWindowMonths }
        const leaves = growthLeavesAt(earned, policy)
        expect(leaves).toEqual(startOfBusinessDay(leaves))
        expect(growthCountsFrom(leaves, policy) > earned).toBe(true)
        expect(growthCountsFrom(new Date(leaves.getTime() - 1), policy) <= earned).toBe(true)
      }),
    )
  })
})

describe('the end of a tier', () => {
  test('is not there on its last millisecond', () => {
    expect(review({ growth: 0, warnedOf: END }, END).outcome).toBe('nothing')
  })

  test.each([
    [2_000, 3, 'kept'],
    [1_999, 2, 'landed'],
    [0, 2, 'landed'],
  ])('with %i growth it is tier %i: %s, for another window', (growth, tier, outcome) => {
    expect(review({ growth, warnedOf: END }, new Date(END.getTime() + 1))).toEqual({
      tier,
      outcome,
      validUntil: at('2028-11-30T15:59:59.999Z'),
      warnedOf: null,
    })
  })

  test('a review that comes three years late costs one step, and the next end is ahead', () => {
    const late = at('2030-12-01T00:00:00Z')
    expect(review({ growth: 0 }, late)).toMatchObject({ tier: 2, validUntil: at('2031-11-30T15:59:59.999Z') })
  })

  test('the lowest tier has none', () => {
    expect(review({ tier: 1, growth: 0 }, at('2040-01-01T00:00:00Z')).outcome).toBe('nothing')
    expect(landingOf(1, DEMO_POLICY)).toBeNull()
  })
})

describe('the warning', () => {
  const TEN = at('2027-10-31T02:00:00Z')

  test('comes 30 days before, at ten in the morning, when growth is missing, once', () => {
    expect(warnTierAt(END, DEMO_POLICY)).toEqual(TEN)
    expect(review({ growth: 1_999 }, new Date(TEN.getTime() - 1)).outcome).toBe('nothing')
    expect(review({ growth: 1_999 }, TEN)).toMatchObject({ outcome: 'warned', warnedOf: END, tier: 3, validUntil: END })
    expect(review({ growth: 1_999, warnedOf: END }, TEN).outcome).toBe('nothing')
    expect(review({ growth: 2_000 }, TEN).outcome).toBe('nothing')
  })

  test('the page says so from the beginning of that day to the end', () => {
    const day = startOfBusinessDay(TEN)
    expect(isTierEnding(END, new Date(day.getTime() - 1), DEMO_POLICY)).toBe(false)
    expect(isTierEnding(END, day, DEMO_POLICY)).toBe(true)
    expect(isTierEnding(END, new Date(END.getTime() - 1), DEMO_POLICY)).toBe(true)
    expect(isTierEnding(END, END, DEMO_POLICY)).toBe(false)
  })
})

test.each([
  ['growth first', { tier: 3, growth: 2_500, oldest: '2026-11-22T04:00:00Z' }, '2027-11-22T16:00:00Z'],
  ['the warning first', { tier: 3, growth: 500, oldest: '2026-11-22T04:00:00Z' }, '2027-10-31T02:00:00Z'],
  ['the end, when it was warned of', { tier: 3, growth: 0, warnedOf: END }, '2027-11-30T16:00:00Z'],
  ['the end, when growth suffices', { tier: 3, growth: 2_000 }, '2027-11-30T16:00:00Z'],
  ['growth alone on the lowest', { tier: 1, growth: 5, oldest: '2026-12-31T04:00:00Z' }, '2027-12-31T16:00:00Z'],
  ['nothing without growth on the lowest', { tier: 1, growth: 0 }, null],
])(
  'what is next due: %s',
  (_what, { oldest, ...held }: Partial<HeldTier> & { growth: number; oldest?: string; tier: number }, next) => {
    const due = nextReviewAt({
      warnedOf: null,
      validUntil: END,
      ...held,
      oldestGrowthAt: oldest ? at(oldest) : null,
      policy: DEMO_POLICY,
    })
    expect(due).toEqual(next && at(next))
  },
)

test('over any years: one step a window at most, warned once an end, kept whenever growth suffices, up begins anew', () => {
  const life = fc.array(
    fc.record({ days: fc.integer({ min: 0, max: 120 }), growth: fc.nat(13_000), buys: fc.boolean() }),
    { minLength: 20, maxLength: 60 },
  )
  fc.assert(
    fc.property(life, fc.integer({ min: 1, max: 6 }), (steps, tier) => {
      let now = at('2026-11-22T04:00:00Z')
      let held: HeldTier = { tier, validUntil: tierValidUntil(now, DEMO_POLICY), warnedOf: null }
      let fell: Date | null = null
      const warned = new Set<number>()
      for (const { days, growth, buys } of steps) {
        now = new Date(now.getTime() + days * DAY_MS)
        const { outcome, ...after } = reviewOf({ ...held, growth, now, policy: DEMO_POLICY })
        if (outcome === 'landed') {
          expect(after.tier).toBe(landingOf(held.tier, DEMO_POLICY)?.tier)
          expect(growth).toBeLessThan(rungOf(held.tier, DEMO_POLICY).atGrowth)
          // a window lies between two steps, unless the first one came late
          if (fell) expect(held.validUntil > fell).toBe(true)
          fell = now
        } else expect(after.tier).toBe(held.tier)
        if (outcome === 'warned') {
          expect(warned.has(held.validUntil.getTime())).toBe(false)
          warned.add(held.validUntil.getTime())
        }
        if (held.tier > 1) expect(after.validUntil >= now).toBe(true)
        // looked at again at once, there is nothing more
        expect(reviewOf({ ...after, growth, now, policy: DEMO_POLICY }).outcome).toMatch(
          outcome === 'kept' || outcome === 'landed' ? /nothing|warned/ : /nothing/,
        )
        held = after
        const reached = tierAt(growth, DEMO_POLICY).tier
        if (buys && reached > held.tier) held = { ...held, tier: reached, validUntil: tierValidUntil(now, DEMO_POLICY) }
      }
    }),
  )
})
