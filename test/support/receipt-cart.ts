import { DEMO_POLICY } from '@huiyuan/shared/policy'
import type { PriceRule, RuleStanding } from '@huiyuan/shared/price-rule'
import type { CartLine, OfferedCoupon, PricingFacts } from '@huiyuan/shared/pricing'
import { DAY_MS } from '@huiyuan/shared/time'

const NOW = new Date('2026-11-22T15:20:00+08:00')

/** Sku, name, category, fen on the menu, pieces. */
const CART: [string, string, string, number, number][] = [
  ['osmanthus_milk', '桂花乌龙鲜奶', 'milk', 2_200, 2],
  ['longjing_hot', '明前龙井', 'tea', 1_800, 1],
  ['grape_oolong', '葡萄乌龙', 'fruit', 2_400, 1],
  ['osmanthus_cake', '桂花糕', 'snack', 1_200, 2],
]
const DRINKS = { categories: ['tea', 'milk', 'fruit'] }
const MENU = { categories: ['tea', 'milk', 'fruit', 'snack', 'leaf'] }

const right = (rightId: string, title: string, standing: Partial<RuleStanding> = {}): RuleStanding => ({
  rightId,
  title,
  state: 'available',
  backAt: null,
  unlock: null,
  ...standing,
})

const RULES: PriceRule[] = [
  {
    ...right('member_price_star', '星品会员价'),
    kind: 'member_price',
    payload: { prices: { osmanthus_milk: 1_900 }, maxPieces: 6 },
  },
  {
    ...right('tier_fruit', '鲜果茶会员折', { state: 'locked', unlock: { tier: 4, honourId: null } }),
    kind: 'tier_discount',
    payload: { payPercent: 80, scope: { categories: ['fruit'] } },
  },
  {
    ...right('volume_3', '多杯更省'),
    kind: 'volume_discount',
    payload: {
      by: 'pieces',
      steps: [
        { from: 3, payPercent: 90 },
        { from: 5, payPercent: 85 },
      ],
      scope: DRINKS,
      group: 'pieces',
    },
  },
  {
    ...right('volume_100', '满百减'),
    kind: 'volume_discount',
    payload: {
      by: 'amount',
      steps: [
        { from: 10_000, offFen: 1_000 },
        { from: 20_000, offFen: 2_500 },
      ],
      scope: MENU,
      group: 'amount',
    },
  },
  {
    ...right('snack_2', '茶点成双'),
    kind: 'volume_discount',
    payload: { by: 'pieces', steps: [{ from: 3, offFen: 600 }], scope: { categories: ['snack'] }, group: 'snack' },
  },
  {
    ...right('repurchase_30', '老味道'),
    kind: 'repurchase_discount',
    payload: { payPercent: 95, withinDays: 30, scope: MENU },
  },
]

const coupon = (of: Partial<OfferedCoupon> & { couponId: string; title: string }): OfferedCoupon => ({
  kind: 'amount_off',
  amountOffFen: null,
  payPercent: null,
  maxOffFen: null,
  thresholdFen: 0,
  state: 'granted',
  validFrom: new Date(NOW.getTime() - DAY_MS),
  expiresAt: new Date(NOW.getTime() + 14 * DAY_MS),
  heldUntil: null,
  stackingGroup: 'order',
  scope: null,
  ...of,
})

const COUPONS: OfferedCoupon[] = [
  coupon({ couponId: 'new_8', title: '满 30 减 8', amountOffFen: 800, thresholdFen: 3_000 }),
  coupon({ couponId: 'packet_5', title: '满 25 减 5', amountOffFen: 500, thresholdFen: 2_500 }),
  coupon({
    couponId: 'milk_88',
    title: '鲜奶茶 88 折',
    kind: 'percent_off',
    payPercent: 88,
    stackingGroup: 'item',
    scope: { categories: ['milk'] },
  }),
  coupon({ couponId: 'big_20', title: '满 120 减 20', amountOffFen: 2_000, thresholdFen: 12_000 }),
  coupon({ couponId: 'leaf_15', title: '茶叶券 15 元', amountOffFen: 1_500, scope: { categories: ['leaf'] } }),
]

/** A gold member of 一盏 on a Sunday afternoon: something of every rule, and some that are just missed. */
export const RECEIPT_FACTS: PricingFacts = {
  lines: CART.map(([sku, title, category, unitFen, qty]): CartLine => ({ sku, title, category, unitFen, qty })),
  tier: 2,
  rules: RULES,
  bought: [{ sku: 'longjing_hot', at: new Date(NOW.getTime() - 9 * DAY_MS) }],
  coupons: COUPONS,
  choice: 'best',
  points: { wanted: 'most', available: 2_860, debt: 0 },
  maySpend: true,
  now: NOW,
  policy: DEMO_POLICY,
}

/** What each line of the receipt means, for who does not read Chinese. */
export const EXPLAINED: Record<string, string> = {
  'right:member_price_star':
    'Applied. The member price of the star drink is below what the tier would make of it, so it is taken; the basis is the menu.',
  tier_price: 'Applied. Gold pays 95 % of the menu price of every piece that has no lower member price.',
  'right:tier_fruit': 'Refused, and what unlocks it: the fruit tea discount begins with the Diamond tier.',
  'right:volume_100':
    'Applied. Counted by the menu (¥110), so that the discounts above cannot take the threshold away. Missing to the next step: ¥90.',
  'right:volume_3':
    'Applied. Four drinks, across articles, reach three pieces: 90 % of what is left to pay of them. Near: one more makes it 85 %.',
  'right:snack_2': 'Near: a third snack would take ¥6 off.',
  'right:repurchase_30':
    'Applied. The Longjing was bought here nine days ago: 95 % of what the rules above have left of it.',
  'coupon:milk_88':
    'Applied. Percentages come before amounts, each on what is left of the lines of its scope: here the two milk teas.',
  'coupon:new_8': 'Applied. Its threshold of ¥30 is told by the menu, too.',
  combination: 'Every legal combination of the coupons was weighed; these two together leave least to pay.',
  'coupon:packet_5': 'Refused: of one stacking group an order takes one coupon, and 满 30 减 8 takes off more.',
  'coupon:big_20': 'Near: ¥10 more on the menu and it could be used.',
  'coupon:leaf_15': 'Refused: nothing in this cart is tea leaves.',
  points: 'Applied. 100 points pay ¥1, in whole steps, up to 30 % of what is left; who owes points uses none.',
}
