import { DEMO_POLICY } from '@huiyuan/shared/policy'
import type { PriceRule, Scope } from '@huiyuan/shared/price-rule'
import type { CartLine, OfferedCoupon, PricingFacts } from '@huiyuan/shared/pricing'

const NOW = new Date('2026-11-22T04:00:00.000Z')
const DAY = 86_400_000
const CATEGORIES = ['tea', 'milk', 'leaf', 'food', 'cup']
const GROUPS = ['pieces', 'amount', 'season', 'evening', 'store']

const categoryOf = (nth: number) => CATEGORIES[nth % CATEGORIES.length] as string
const scopeOf = (nth: number): Scope | null =>
  nth % 3 === 0 ? null : nth % 3 === 1 ? { categories: [categoryOf(nth)] } : { skus: skusFrom(nth, 12) }
const skusFrom = (nth: number, count: number) => Array.from({ length: count }, (_, at) => `sku${(nth * 7 + at) % 120}`)

const line = (nth: number): CartLine => ({
  sku: `sku${nth}`,
  title: `第 ${nth} 款`,
  category: categoryOf(nth),
  unitFen: 900 + ((nth * 137) % 3_900),
  qty: 1 + (nth % 4),
})

/** Each kind in turn; every tenth is locked or used up, as a programme is to most members. */
function rule(nth: number): PriceRule {
  const state = nth % 10 === 9 ? (nth % 20 === 9 ? 'locked' : 'used_up') : 'available'
  const standing = {
    rightId: `right_${nth}`,
    title: `第 ${nth} 条`,
    state,
    backAt: NOW,
    unlock: { tier: 5, honourId: null },
  }
  const of = { ...standing, state } as const
  const scope = scopeOf(nth)
  switch (nth % 5) {
    case 0: {
      const prices = Object.fromEntries(skusFrom(nth, 20).map((sku, at) => [sku, 800 + ((nth * 31 + at * 53) % 2_400)]))
      return { ...of, kind: 'member_price', payload: { prices, maxPieces: nth % 2 ? 5 : null } }
    }
    case 1:
      return { ...of, kind: 'tier_discount', payload: { payPercent: 80 + (nth % 15), scope } }
    case 2: {
      const steps = [3, 5, 8].map((from, at) => ({ from, payPercent: 96 - at * 4 - (nth % 3) }))
      return {
        ...of,
        kind: 'volume_discount',
        payload: { by: 'pieces', steps, scope, group: GROUPS[nth % 3] as string },
      }
    }
    case 3: {
      const steps = [10_000, 20_000, 50_000].map((from, at) => ({ from, offFen: 500 + at * 1_200 + nth }))
      return {
        ...of,
        kind: 'volume_discount',
        payload: { by: 'amount', steps, scope, group: GROUPS[nth % 5] as string },
      }
    }
    default:
      return { ...of, kind: 'repurchase_discount', payload: { payPercent: 90 + (nth % 8), withinDays: 30, scope } }
  }
}

const coupon = (nth: number): OfferedCoupon => ({
  couponId: `coupon_${nth}`,
  title: `第 ${nth} 张`,
  kind: nth % 2 ? 'percent_off' : 'amount_off',
  amountOffFen: nth % 2 ? null : 500 + nth * 60,
  payPercent: nth % 2 ? 88 + (nth % 9) : null,
  maxOffFen: nth % 4 === 1 ? 3_000 : null,
  thresholdFen: (nth % 5) * 2_000,
  state: 'granted',
  validFrom: new Date(NOW.getTime() - DAY),
  expiresAt: new Date(NOW.getTime() + nth * DAY),
  heldUntil: null,
  stackingGroup: ['order', 'item', 'season', 'alone'][nth % 4] as string,
  scope: scopeOf(nth),
})

const times = <T>(count: number, make: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => make(nth))

/** A member with so many rights and coupons before so full a cart; the best combination, and as many points as go. */
export const fullCart = (lines: number, rules: number, coupons = 10): PricingFacts => ({
  lines: times(lines, line),
  tier: 4,
  rules: times(rules, rule),
  bought: times(20, (nth) => ({ sku: `sku${nth * 3}`, at: new Date(NOW.getTime() - nth * DAY) })),
  coupons: times(coupons, coupon),
  choice: 'best',
  points: { wanted: 'most', available: 3_000, debt: 0 },
  maySpend: true,
  now: NOW,
  policy: DEMO_POLICY,
})
