import type { OfferedCoupon, PricingFacts } from '@huiyuan/shared/pricing'
import { earnPercentOf, type OwnRight } from '@huiyuan/shared/right'
import { type CouponRow, openCouponOf } from '../coupon'
import type { Ctx } from '../ctx'
import { ownRights, type RightFacts, type RightJson } from '../right'
import type { Cart, CartRows } from './cart'

interface OrderFactRows {
  tier: number
  seen: string
  account: { available: number; debt: number; growth: number }
  rights: RightJson[]
  own: RightFacts
  coupons: CouponRow[]
  bought: { sku: string; at: string }[]
  cart: CartRows | null
  packet: string | null
  over: boolean
}

/** What a price is made of for one member, without the cart's own wishes. */
export interface OrderFacts extends Pick<PricingFacts, 'tier' | 'rules' | 'bought'> {
  coupons: OfferedCoupon[]
  account: OrderFactRows['account']
  /** What the paid amount earns, in percent of the policy's rate. */
  earnPercent: number
  /** Who was seen: the write compares it. */
  seen: string
  cart: CartRows | null
  /** The title of the coupon that an order may be thanked with. */
  packet: string | null
}

const PRICES = ['member_price', 'tier_discount', 'volume_discount', 'repurchase_discount']
const isRule = (right: OwnRight): right is OwnRight & PricingFacts['rules'][number] => PRICES.includes(right.kind)

/**
 * Reads in one round trip; `everything` also what was bought of articles that are in no cart. Null for who is no member. A hold whose
 * time is over holds nothing: where the job has not passed by yet, it is given up first, or points and rights would be missing.
 */
export async function readOrderFacts(
  ctx: Ctx,
  memberId: string,
  { lines, everything = false }: Pick<Cart, 'lines'> & { everything?: boolean },
): Promise<OrderFacts | null> {
  const at = ctx.now()
  const packet = ctx.policy.packet?.templateId
  const read = () => ctx.sql<OrderFactRows | null>('order_facts', { memberId, at, lines, everything, packet })
  let rows = await read()
  if (rows?.over) {
    await ctx.sql('order_release_due', { memberId, at })
    rows = await read()
  }
  if (rows === null) return null
  const rights = ownRights(rows.rights, rows.tier, rows.own, at)
  return {
    tier: rows.tier,
    rules: rights.filter(isRule),
    bought: rows.bought.map(({ sku, at: latest }) => ({ sku, at: new Date(latest) })),
    coupons: rows.coupons.map(openCouponOf),
    account: rows.account,
    earnPercent: earnPercentOf(rights, at),
    seen: rows.seen,
    cart: rows.cart,
    packet: rows.packet,
  }
}
