import type { OfferedCoupon, PricingFacts } from '@huiyuan/shared/pricing'
import type { Told } from '@huiyuan/shared/told'

/** What stays the same while somebody taps: everything a price asks besides the cart and the wishes. */
export type Standing = Pick<PricingFacts, 'tier' | 'rules' | 'bought' | 'coupons'> & {
  points: { available: number; debt: number }
  /** What a purchase earns, in percent of the usual. */
  earnPercent: number
}

/** The same as the server tells it, by its clock: instants are ISO text. */
export type StandingJson = Told<Standing> & { now: string }

const instant = (text: string | null): Date | null => (text === null ? null : new Date(text))

export function standingOf({ tier, rules, bought, coupons, points, earnPercent }: StandingJson): Standing {
  return {
    tier,
    points,
    earnPercent,
    rules: rules.map((rule) => ({ ...rule, backAt: instant(rule.backAt) }) as PricingFacts['rules'][number]),
    bought: bought.map(({ sku, at }) => ({ sku, at: new Date(at) })),
    coupons: coupons.map(
      (coupon) =>
        ({
          ...coupon,
          validFrom: new Date(coupon.validFrom),
          expiresAt: new Date(coupon.expiresAt),
          heldUntil: instant(coupon.heldUntil),
        }) as OfferedCoupon,
    ),
  }
}

/** A guest as a member of the first day: what joining would make of the price. */
export const FIRST_DAY: Standing = {
  tier: 1,
  rules: [],
  bought: [],
  coupons: [],
  points: { available: 0, debt: 0 },
  earnPercent: 100,
}
