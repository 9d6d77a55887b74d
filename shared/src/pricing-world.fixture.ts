/**
 * Carts, rules, wallets and policies by chance: small numbers that meet each other's thresholds and round badly, beside
 * prices as a menu has them.
 */
import fc from 'fast-check'
import { DEMO_POLICY, type Policy } from './policy'
import type { PriceRule, Scope, VolumeStep } from './price-rule'
import { type CartLine, type OfferedCoupon, type PricingFacts, priceOrder, typedAmount } from './pricing'

export const now = new Date('2026-11-22T04:00:00.000Z')
export const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000)

export const coupon = (of: Partial<OfferedCoupon> & { couponId: string }): OfferedCoupon => ({
  title: '满 30 减 8',
  kind: 'amount_off',
  amountOffFen: 800,
  payPercent: null,
  maxOffFen: null,
  thresholdFen: 3_000,
  state: 'granted',
  validFrom: inDays(-1),
  expiresAt: inDays(30),
  heldUntil: null,
  stackingGroup: 'order',
  scope: null,
  ...of,
})
export const price = ({ fullFen = 6_800, ...of }: Partial<PricingFacts> & { fullFen?: number } = {}) =>
  priceOrder({
    lines: [typedAmount(fullFen)],
    tier: 1,
    rules: [],
    bought: [],
    coupons: [],
    choice: 'best',
    points: { wanted: 0, available: 0, debt: 0 },
    maySpend: true,
    now,
    policy: DEMO_POLICY,
    ...of,
  })
export const fullPrice: Policy = {
  ...DEMO_POLICY,
  tiers: DEMO_POLICY.tiers.map((rung) => ({ ...rung, payPercent: 100 })),
}

const CATEGORY = ['tea', 'tea', 'milk', 'milk', 'leaf', null]
const sku = fc.nat({ max: 5 }).map((at) => `sku${at}`)
const category = fc.constantFrom('tea', 'milk', 'leaf')
const unitFen = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 1, max: 39 }).map((n) => n * 100),
  fc.nat(50_000),
)

const article: fc.Arbitrary<CartLine> = fc.record({
  sku,
  title: fc.constant('茶'),
  category: fc.constant(null),
  unitFen,
  qty: fc.integer({ min: 1, max: 4 }),
})
/** One sku has one price and one category within a cart. */
const carts = (maxLines: number) =>
  fc
    .tuple(fc.array(article, { maxLength: maxLines }), fc.option(unitFen, { freq: 3 }))
    .map(([articles, typed]): CartLine[] => {
      const unitOf = new Map(articles.map((line) => [line.sku, line.unitFen]))
      const lines = articles.map((line) => ({
        ...line,
        unitFen: unitOf.get(line.sku) ?? 0,
        category: CATEGORY[Number(line.sku?.slice(3))] ?? null,
      }))
      return typed === null && lines.length > 0 ? lines : [...lines, typedAmount(typed ?? 6_800)]
    })

const scope: fc.Arbitrary<Scope | null> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.record({ categories: fc.uniqueArray(category, { minLength: 1, maxLength: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ skus: fc.uniqueArray(sku, { minLength: 1, maxLength: 4 }) }) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        skus: fc.uniqueArray(sku, { maxLength: 2 }),
        categories: fc.uniqueArray(category, { maxLength: 1 }),
        exceptSkus: fc.uniqueArray(sku, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  },
)
const percent = fc.oneof(fc.constantFrom(98, 95, 90, 88, 85, 50), fc.integer({ min: 0, max: 100 }))
const threshold = fc.oneof(
  fc.nat(60),
  fc.nat(60).map((n) => n * 100),
  fc.nat(60_000),
)

const step: fc.Arbitrary<VolumeStep> = fc.oneof(
  fc.record({ from: fc.integer({ min: 1, max: 8 }), payPercent: percent }),
  fc.record({ from: fc.integer({ min: 1, max: 8 }), offFen: threshold }),
)
const kind = fc.oneof(
  fc.record({
    kind: fc.constant('member_price' as const),
    payload: fc.record({
      prices: fc.dictionary(sku, unitFen, { minKeys: 2, maxKeys: 6 }),
      maxPieces: fc.option(fc.integer({ min: 1, max: 4 })),
    }),
  }),
  fc.record({ kind: fc.constant('tier_discount' as const), payload: fc.record({ payPercent: percent, scope }) }),
  fc.record({
    kind: fc.constant('volume_discount' as const),
    payload: fc
      .record({
        by: fc.constantFrom('pieces' as const, 'amount' as const),
        steps: fc.array(step, { minLength: 1, maxLength: 3 }),
        scope,
        group: fc.constantFrom('pieces', 'amount', 'third'),
      })
      .map((of) => ({
        ...of,
        steps: of.steps.map((s) => ({ ...s, from: of.by === 'pieces' ? s.from : s.from * 700 })),
      })),
  }),
  fc.record({
    kind: fc.constant('repurchase_discount' as const),
    payload: fc.record({ payPercent: percent, withinDays: fc.integer({ min: 1, max: 60 }), scope }),
  }),
)
const rule: fc.Arbitrary<PriceRule> = fc
  .record({
    rightId: fc.stringMatching(/^[a-z]{6}$/),
    state: fc.oneof(
      { weight: 5, arbitrary: fc.constant('available' as const) },
      { weight: 1, arbitrary: fc.constantFrom('locked' as const, 'used_up' as const) },
    ),
    of: kind,
  })
  .map(({ of, ...standing }) => ({
    ...standing,
    title: standing.rightId,
    backAt: standing.state === 'used_up' ? inDays(9) : null,
    unlock: standing.state === 'locked' ? { tier: 4, honourId: null } : null,
    ...of,
  }))

const terms = fc.oneof(
  fc.record({
    kind: fc.constant('amount_off' as const),
    amountOffFen: fc.oneof(
      fc.constantFrom(500, 800),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 3_000 }),
    ),
    payPercent: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('percent_off' as const),
    amountOffFen: fc.constant(null),
    payPercent: fc.oneof(fc.constantFrom(90, 80), fc.integer({ min: 1, max: 99 })),
  }),
)
export const offeredCoupon = (groups: readonly string[]): fc.Arbitrary<OfferedCoupon> =>
  fc
    .record({
      couponId: fc.stringMatching(/^[0-9a-f]{8}$/),
      terms,
      stackingGroup: fc.constantFrom(...groups),
      scope,
      maxOffFen: fc.option(fc.integer({ min: 1, max: 5_000 }), { freq: 2 }),
      thresholdFen: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: threshold }),
      state: fc.oneof(
        { weight: 9, arbitrary: fc.constant('granted' as const) },
        { weight: 1, arbitrary: fc.constant('held' as const) },
      ),
      validFrom: fc.constantFrom(-9, -1, -1, -1, -1, -1, -1, 2).map(inDays),
      expiresAt: fc.constantFrom(-1, 1, 3, 9, 9, 9, 9, 9, 9, 9).map(inDays),
      heldUntil: fc.option(fc.constantFrom(-1, 1).map(inDays)),
    })
    .map(({ terms: what, ...rest }) => ({ title: rest.couponId, ...what, ...rest }))

const GROUPS = ['order', 'item', 'third', 'fourth', 'alone']
const MANY_GROUPS = [...GROUPS, ...Array.from({ length: 12 }, (_, at) => `more${at}`)]
const wallets = (maxLength: number) =>
  fc.uniqueArray(offeredCoupon(maxLength > 10 ? MANY_GROUPS : GROUPS), {
    maxLength,
    selector: ({ couponId }) => couponId,
  })

const policy: fc.Arbitrary<Policy> = fc
  .record({
    couponsPerOrder: fc.constantFrom(1, 2, 3, 3, 4),
    capPercent: fc.constantFrom(30, 30, 50, 100, 7),
    stepPoints: fc.constantFrom(100, 10, 500),
    pointsPerYuan: fc.constantFrom(100, 50),
  })
  .map(({ couponsPerOrder, ...pointsCash }) => ({ ...DEMO_POLICY, couponsPerOrder, pointsCash }))

/** Everything a price asks for; `choice` is the best combination. */
export const pricingFacts = ({ maxLines = 6, maxRules = 6, maxCoupons = 6 } = {}): fc.Arbitrary<PricingFacts> =>
  fc.record({
    lines: carts(maxLines),
    tier: fc.integer({ min: 1, max: 6 }),
    rules: fc.uniqueArray(rule, { maxLength: maxRules, selector: ({ rightId }) => rightId }),
    bought: fc.array(fc.record({ sku, at: fc.integer({ min: -40, max: 0 }).map(inDays) }), { maxLength: 6 }),
    coupons: wallets(maxCoupons),
    choice: fc.constant('best' as const),
    points: fc.record({
      wanted: fc.oneof(fc.constant(0), fc.constant('most' as const), fc.nat(3_000)),
      available: fc.oneof(fc.nat(300), fc.nat(50_000)),
      debt: fc.constantFrom(0, 0, 0, 0, 7),
    }),
    maySpend: fc.constant(true),
    now: fc.constant(now),
    policy,
  })
