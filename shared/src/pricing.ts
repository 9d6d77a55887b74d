/**
 * What a cart costs this member now, rule by rule: member price or the tier's discount, volume, repurchase, coupons, points.
 * Pure, in whole fen; the phone's preview, the counter and the till ask this one function, and its receipt says of each rule
 * what it took off, why it did not, or what is missing. Every threshold is told by the menu price, so that no discount takes
 * another one's threshold away.
 */
import type { CouponLife, CouponStacking, CouponTerms } from './coupon'
import type { Fault } from './faults'
import type { Policy } from './policy'
import { layChosenCoupons } from './price-coupon'
import { type Basket, basketOf, type CartLine, type PricedLine, sumOf } from './price-lines'
import { layRepurchases, layTierPrices } from './price-member'
import { layPoints, type PaidPoints, type PointsWish } from './price-points'
import type { ReceiptLine } from './price-receipt'
import type { PriceRule } from './price-rule'
import { layVolumes } from './price-volume'

export type { CartLine, PaidPoints, PointsWish, PricedLine, ReceiptLine }

export interface OfferedCoupon extends CouponTerms, CouponLife, CouponStacking {
  couponId: string
  title: string
}

/** The combination that takes off most, none, or the coupons with these ids. */
export type CouponChoice = 'best' | 'none' | readonly string[]

export interface PricingFacts {
  lines: readonly CartLine[]
  tier: number
  /** Rights that make a price, locked and used-up ones among them. */
  rules: readonly PriceRule[]
  /** What the member bought here, at least as far back as a repurchase looks. */
  bought: readonly { sku: string; at: Date }[]
  coupons: readonly OfferedCoupon[]
  choice: CouponChoice
  points: PointsWish
  /** Only who shows a live code is surely the member whose price, coupons and points these are. */
  maySpend: boolean
  now: Date
  policy: Policy
}

/** A coupon of the member beside this cart. */
export interface JudgedCoupon {
  couponId: string
  title: string
  expiresAt: Date
  /** What it takes off, or would if it were the only one; 0 when it is refused. */
  offFen: number
  refusal: Fault | null
  chosen: boolean
}

export interface Price {
  lines: PricedLine[]
  /** By the menu. */
  fullFen: number
  payableFen: number
  receipt: ReceiptLine[]
  /** The chosen ones in the order in which they were laid. */
  couponIds: string[]
  /** The chosen ones, then those that would take off most, then those that cannot be used. */
  coupons: JudgedCoupon[]
  /** Rights that took something off. */
  rightIds: string[]
  points: PaidPoints
  /** Whether every combination of coupons was weighed. */
  exact: boolean
}

/** I-P1: what is paid is the sum of the lines, each its menu price less what was taken off it, never below zero. */
export function priceOrder(facts: PricingFacts): Price {
  const basket = basketOf(facts.lines)
  if (!facts.maySpend) return fullPrice(basket)
  const rights = [...layTierPrices(basket, facts), ...layVolumes(basket, facts), ...layRepurchases(basket, facts)]
  const { receipt: couponLines, couponIds, coupons, exact } = layChosenCoupons(basket, facts)
  const { points, receipt: pointLines } = layPoints(basket, facts.points, facts.policy)
  return {
    ...sumsOf(basket),
    receipt: [...rights, ...couponLines, ...pointLines],
    couponIds,
    coupons,
    rightIds: rights.flatMap(({ rule, offFen }) =>
      offFen > 0 && rule.startsWith(RIGHT) ? rule.slice(RIGHT.length) : [],
    ),
    points,
    exact,
  }
}

const RIGHT = 'right:'

const sumsOf = ({ lines }: Basket) => ({
  lines: [...lines],
  fullFen: sumOf(lines, 'fullFen'),
  payableFen: sumOf(lines, 'payableFen'),
})

const CODE_FIRST: ReceiptLine = {
  rule: 'tier_price',
  kind: 'tier_price',
  state: 'refused',
  title: '会员价和券',
  words: '出示会员码才有会员价和券',
  offFen: 0,
}

const fullPrice = (basket: Basket): Price => ({
  ...sumsOf(basket),
  receipt: [CODE_FIRST],
  couponIds: [],
  coupons: [],
  rightIds: [],
  points: { used: 0, offFen: 0, mostPoints: 0, mostOffFen: 0 },
  exact: true,
})

/** An amount typed at the counter as the one line that it is. */
export const typedAmount = (amountFen: number): CartLine => ({
  sku: null,
  title: '金额',
  category: null,
  unitFen: amountFen,
  qty: 1,
})
