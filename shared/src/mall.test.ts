import fc from 'fast-check'
import { mayCancel, opensFor, pickupByOf, type RewardFacts, rewardRefusal, type Shopper } from './mall'

const NOW = new Date('2026-11-22T04:00:00.000Z')
const hence = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000)
const reward = (more: Partial<RewardFacts> = {}): RewardFacts => ({
  points: 100,
  tierGate: 1,
  perPersonLimit: null,
  publicAt: NOW,
  earlyTier: null,
  earlyHours: null,
  endsAt: null,
  left: null,
  takenByMe: 0,
  ...more,
})
const shopper = (more: Partial<Shopper> = {}): Shopper => ({ tier: 1, points: 100, debtPoints: 0, ...more })

describe('why a reward cannot be exchanged', () => {
  test.each<[string, Partial<RewardFacts>, Partial<Shopper>, unknown]>([
    ['it can', {}, {}, null],
    ['it can, the last one', { left: 1, perPersonLimit: 2, takenByMe: 1 }, {}, null],
    ['over, to the millisecond', { endsAt: NOW }, {}, { code: 'REWARD_OVER', detail: {} }],
    ['not over yet', { endsAt: new Date(NOW.getTime() + 1) }, {}, null],
    [
      'not open',
      { publicAt: hence(2) },
      {},
      { code: 'REWARD_NOT_OPEN', detail: { opensAt: '2026-11-22T06:00:00.000Z' } },
    ],
    ['open early for platinum', { publicAt: hence(2), earlyTier: 3, earlyHours: 2 }, { tier: 3 }, null],
    [
      'and not for gold',
      { publicAt: hence(2), earlyTier: 3, earlyHours: 2 },
      { tier: 2 },
      { code: 'REWARD_NOT_OPEN', detail: { opensAt: '2026-11-22T06:00:00.000Z' } },
    ],
    ['for higher tiers', { tierGate: 2 }, {}, { code: 'TIER_NEEDED', detail: { tier: 2 } }],
    ['taken before', { perPersonLimit: 1, takenByMe: 1 }, {}, { code: 'REWARD_LIMIT', detail: { limit: 1 } }],
    [
      'taken more often than allowed, after a merge',
      { perPersonLimit: 1, takenByMe: 2 },
      {},
      { code: 'REWARD_LIMIT', detail: { limit: 1 } },
    ],
    ['gone', { left: 0 }, {}, { code: 'REWARD_GONE', detail: {} }],
    ['in debt', {}, { debtPoints: 5 }, { code: 'IN_DEBT', detail: { debtPoints: 5 } }],
    ['short', {}, { points: 99 }, { code: 'POINTS_SHORT', detail: { shortPoints: 1 } }],
    ['gone is said before short', { left: 0 }, { points: 0 }, { code: 'REWARD_GONE', detail: {} }],
  ])('%s', (_name, facts, who, refusal) => {
    expect(rewardRefusal(reward(facts), shopper(who), NOW)).toEqual(refusal)
  })

  test('more points, a higher tier or more stock never stand in the way', () => {
    const facts = fc.record({
      points: fc.nat(200),
      tierGate: fc.integer({ min: 1, max: 6 }),
      left: fc.option(fc.nat(2)),
      early: fc.option(fc.integer({ min: 1, max: 6 })),
      opens: fc.integer({ min: -5, max: 5 }),
    })
    const who = fc.record({ tier: fc.integer({ min: 1, max: 6 }), points: fc.nat(200) })
    fc.assert(
      fc.property(facts, who, who, ({ early, opens, ...rest }, a, b) => {
        const item = reward({ ...rest, earlyTier: early, earlyHours: early && 3, publicAt: hence(opens) })
        const better = { tier: Math.max(a.tier, b.tier), points: Math.max(a.points, b.points), debtPoints: 0 }
        if (rewardRefusal(item, shopper(a), NOW) === null)
          expect(rewardRefusal({ ...item, left: item.left && item.left + 1 }, better, NOW)).toBeNull()
      }),
    )
  })
})

test('nobody comes later than the public, and early access is never later for a higher tier', () => {
  const tiers = fc.integer({ min: 1, max: 6 })
  fc.assert(
    fc.property(tiers, tiers, tiers, fc.nat(100), (earlyTier, a, b, earlyHours) => {
      const window = { publicAt: NOW, earlyTier, earlyHours, endsAt: null }
      const [low, high] = [Math.min(a, b), Math.max(a, b)]
      expect(opensFor(window, low).getTime()).toBeLessThanOrEqual(NOW.getTime())
      expect(opensFor(window, high).getTime()).toBeLessThanOrEqual(opensFor(window, low).getTime())
    }),
  )
})

test.each([
  ['2026-11-22T04:00:00.000Z', 7, '2026-11-29T15:59:59.999Z'],
  ['2026-11-22T15:59:59.999Z', 1, '2026-11-23T15:59:59.999Z'],
  ['2026-11-22T16:00:00.000Z', 1, '2026-11-24T15:59:59.999Z'],
])('what is ready at %s waits %i days, to %s', (readyAt, days, until) => {
  expect(pickupByOf(new Date(readyAt), days).toISOString()).toBe(until)
})

test.each([
  ['mall', 'placed', true],
  ['mall', 'ready', true],
  ['mall', 'done', false],
  ['mall', 'cancelled', false],
  ['gift', 'ready', false],
] as const)('of the %s and %s: may be taken back: %s', (origin, state, may) => {
  expect(mayCancel({ origin, state })).toBe(may)
})
