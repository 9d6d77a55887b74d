import fc from 'fast-check'
import { DEMO_POLICY } from './policy'
import { DAY_MS } from './time'
import { COUPON_SOON_DAYS, type TodayFacts, todayOf } from './today'

const NOW = new Date('2026-11-22T04:00:00.000Z')
const days = (n: number) => new Date(NOW.getTime() + n * DAY_MS)
const NOTHING: TodayFacts = {
  gift: null,
  claim: null,
  unlocked: { titles: [], since: NOW },
  standing: { tier: 1, validUntil: days(300), countsAtEnd: null },
  pickups: [],
  lots: [],
  coupons: [],
  undertaken: [],
  released: [],
  phones: 1,
  devices: 1,
}
const today = (more: Partial<TodayFacts>) => todayOf({ ...NOTHING, ...more }, NOW, DEMO_POLICY)
const lot = (remaining: number, endsIn: number, more: Partial<TodayFacts['lots'][number]> = {}) => ({
  state: 'active' as const,
  remaining,
  activeAt: days(-1),
  expiresAt: days(endsIn),
  ...more,
})
const undertaken = (more: Partial<TodayFacts['undertaken'][number]> = {}) => ({
  obligationId: 'own_cup',
  title: '带自己的杯子',
  target: 10,
  progress: 8,
  endsAt: days(30),
  rewardPoints: 200,
  honourName: '惜杯人',
  ...more,
})
const EVERYTHING: Partial<TodayFacts> = {
  gift: { giftId: 'welcome', title: '新人礼', claimBy: days(20) },
  claim: { claimId: 'c', points: 320 },
  pickups: [{ redemptionId: 'r', title: '杯', pickupBy: days(9) }],
  lots: [lot(50, 5), lot(30, 300, { state: 'pending', activeAt: days(3) })],
  coupons: [{ title: '满 30 减 8', expiresAt: days(1) }],
  unlocked: { titles: ['铂金早享'], since: days(-2) },
  standing: { tier: 3, validUntil: days(20), countsAtEnd: 1_200 },
  undertaken: [undertaken()],
  released: [{ points: 300, friend: '王*', at: days(-1) }],
  phones: 0,
  devices: 0,
}

test('nothing to do is nothing shown', () => expect(today({})).toEqual([]))

test('everything there is comes in the order of its worth, three at a time', () => {
  const left: Partial<TodayFacts> = { ...EVERYTHING }
  const seen: string[] = []
  const done: Record<string, () => void> = {
    gift_open: () => Object.assign(left, { gift: null }),
    claim_card: () => Object.assign(left, { claim: null }),
    pickup_ready: () => Object.assign(left, { pickups: [] }),
    coupon_expiring: () => Object.assign(left, { coupons: [] }),
    points_expiring: () => Object.assign(left, { lots: EVERYTHING.lots?.slice(1) }),
    right_unlocked: () => Object.assign(left, { unlocked: NOTHING.unlocked }),
    tier_ending: () => Object.assign(left, { standing: NOTHING.standing }),
    obligation_near: () => Object.assign(left, { undertaken: [] }),
    reward_released: () => Object.assign(left, { released: [] }),
    first_code: () => Object.assign(left, { devices: 1 }),
    points_maturing: () => Object.assign(left, { lots: [] }),
    add_phone: () => Object.assign(left, { phones: 1 }),
  }
  for (;;) {
    const [first, ...more] = today(left)
    expect(more.length).toBeLessThanOrEqual(2)
    if (!first) break
    seen.push(first.kind)
    done[first.kind]?.()
  }
  expect(seen).toEqual([
    'gift_open',
    'claim_card',
    'pickup_ready',
    'coupon_expiring',
    'points_expiring',
    'right_unlocked',
    'tier_ending',
    'obligation_near',
    'reward_released',
    'first_code',
    'points_maturing',
    'add_phone',
  ])
})

test('a coupon that ends later than the points comes after them', () => {
  const kinds = today({ lots: [lot(5, 1)], coupons: [{ title: 'x', expiresAt: days(2) }] }).map(({ kind }) => kind)
  expect(kinds).toEqual(['points_expiring', 'coupon_expiring'])
})

test('a gift or a pick-up whose time is over is not told', () => {
  expect(today({ gift: { giftId: 'g', title: '新人礼', claimBy: NOW } })).toEqual([])
  expect(today({ pickups: [{ redemptionId: 'r', title: '杯', pickupBy: NOW }] })).toEqual([])
})

test('rights are new for three days, told together', () => {
  const titles = ['黄金早享', '星品会员价']
  expect(today({ unlocked: { titles, since: days(-3) } })).toEqual([
    { kind: 'right_unlocked', title: '黄金早享', count: 2 },
  ])
  expect(today({ unlocked: { titles, since: days(-4) } })).toEqual([])
})

test('of several pick-ups the one that ends first', () => {
  const pickups = [9, 2, 5].map((n) => ({ redemptionId: `r${n}`, title: '杯', pickupBy: days(n) }))
  expect(today({ pickups })).toMatchObject([{ kind: 'pickup_ready', redemptionId: 'r2' }])
})

test('points are told from 30 days before their end, those of one end together', () => {
  const soon = (lots: TodayFacts['lots']) => today({ lots })
  expect(soon([lot(5, 31)])).toEqual([])
  expect(soon([lot(70, 9), lot(20, 5), lot(30, 5)])).toEqual([
    { kind: 'points_expiring', points: 50, expiresAt: days(5).toISOString() },
  ])
})

test('coupons are told days, not weeks, before their end, with how many end that day', () => {
  const coupons = (ends: number[]) => today({ coupons: ends.map((n) => ({ title: `第 ${n} 天`, expiresAt: days(n) })) })
  expect(coupons([COUPON_SOON_DAYS + 1])).toEqual([])
  expect(coupons([3, 2, 2.2, 20])).toEqual([
    { kind: 'coupon_expiring', title: '第 2 天', expiresAt: days(2).toISOString(), count: 2 },
  ])
})

test('an obligation is near two steps before its goal; of several the nearest, then the one that ends first', () => {
  const near = (...list: Parameters<typeof undertaken>[0][]) => today({ undertaken: list.map(undertaken) })
  expect(near({ progress: 7 })).toEqual([])
  expect(near({ progress: 10 })).toEqual([])
  expect(near({ endsAt: NOW })).toEqual([])
  expect(near({}, { obligationId: 'b', progress: 9 }, { obligationId: 'c', progress: 9, endsAt: days(2) })).toEqual([
    {
      kind: 'obligation_near',
      obligationId: 'c',
      title: '带自己的杯子',
      left: 1,
      rewardWords: '200 积分和「惜杯人」',
    },
  ])
})

test('a tier is told within 30 days of its end, with what is missing, unless nothing is', () => {
  const standing = (endsIn: number, countsAtEnd: number | null, tier = 3) =>
    today({ standing: { tier, validUntil: days(endsIn), countsAtEnd } })
  expect(standing(30, 1_200)).toEqual([
    { kind: 'tier_ending', tier: 3, endsAt: days(30).toISOString(), needGrowth: 800 },
  ])
  for (const nothing of [standing(31, 0), standing(-1, 0), standing(9, 2_000), standing(9, null), standing(9, 0, 1)])
    expect(nothing).toEqual([])
})

test('a paid reward is news for three days, the latest one', () => {
  const paid = (...ago: number[]) => today({ released: ago.map((n) => ({ points: n, friend: '王*', at: days(-n) })) })
  expect(paid(3)).toEqual([])
  expect(paid(2.9, 1)).toEqual([{ kind: 'reward_released', points: 1, friend: '王*' }])
})

test('whatever the facts, three at most, each kind once, nothing that is over', () => {
  const when = fc.integer({ min: -5, max: 40 }).map(days)
  const facts = fc.record({
    gift: fc.option(fc.record({ giftId: fc.constant('g'), title: fc.constant('新人礼'), claimBy: when })),
    claim: fc.option(fc.record({ claimId: fc.constant('c'), points: fc.nat() })),
    pickups: fc.array(fc.record({ redemptionId: fc.uuid(), title: fc.constant('杯'), pickupBy: when }), {
      maxLength: 3,
    }),
    unlocked: fc.record({ titles: fc.subarray(['早享', '会员价']), since: when }),
    standing: fc.record({
      tier: fc.integer({ min: 1, max: 6 }),
      validUntil: when,
      countsAtEnd: fc.option(fc.nat(40_000)),
    }),
    lots: fc.array(
      fc.record({
        state: fc.constantFrom('pending', 'active'),
        remaining: fc.integer({ min: 1, max: 99 }),
        activeAt: when,
        expiresAt: when,
      }),
      { maxLength: 4 },
    ),
    coupons: fc.array(fc.record({ title: fc.constant('券'), expiresAt: when }), { maxLength: 4 }),
    undertaken: fc.array(
      fc.record({ progress: fc.nat(10), endsAt: when }).map((more) => undertaken(more)),
      { maxLength: 3 },
    ),
    released: fc.array(fc.record({ points: fc.nat(), friend: fc.constant('王*'), at: when }), { maxLength: 3 }),
    phones: fc.nat(1),
    devices: fc.nat(1),
  })
  fc.assert(
    fc.property(facts as fc.Arbitrary<TodayFacts>, (given) => {
      const items = todayOf(given, NOW, DEMO_POLICY)
      expect(items.length).toBeLessThanOrEqual(3)
      expect(new Set(items.map(({ kind }) => kind)).size).toBe(items.length)
      for (const item of items) {
        const ends = 'claimBy' in item ? item.claimBy : 'pickupBy' in item ? item.pickupBy : undefined
        const until = 'expiresAt' in item ? item.expiresAt : 'endsAt' in item ? item.endsAt : ends
        if (until) expect(new Date(until) > NOW).toBe(true)
      }
      expect(items).toEqual(todayOf(given, NOW, DEMO_POLICY))
    }),
  )
})
