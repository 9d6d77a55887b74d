import { type Fault, fault } from '@huiyuan/shared/faults'
import { type CouponChoice, type PointsWish, type Price, priceOrder } from '@huiyuan/shared/pricing'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import { type Cart, cartLinesOf } from './cart'
import { type OrderFacts, readOrderFacts } from './order-facts'

export interface PriceWish extends Cart {
  choice: CouponChoice
  points: PointsWish['wanted']
}

export interface PricedVisit extends Price {
  facts: OrderFacts
  /** Rights to be used with it: those that took something off, and those that let articles in early. */
  usedRights: string[]
  /** Why the cart cannot be rung up at all; the price is of nothing then. */
  cartFault: Fault | null
}

/** What a cart costs the member of this visit now. Reads only. */
export async function priceVisit(
  ctx: Ctx,
  { memberId, method }: { memberId: string; method: string },
  { choice, points, ...cart }: PriceWish,
): Promise<PricedVisit> {
  const maySpend = method === 'code'
  const facts = await readOrderFacts(ctx, memberId, cart)
  // whoever stands here was a member a moment ago
  if (!facts) return refuse('BUSY')
  const { lines, fault: cartFault } = cartLinesOf(cart, facts.cart)
  const { available, debt } = facts.account
  const price = priceOrder({
    ...facts,
    lines,
    choice,
    points: { wanted: points, available, debt },
    maySpend,
    now: ctx.now(),
    policy: ctx.policy,
  })
  const usedRights = [...new Set([...price.rightIds, ...(facts.cart?.earlyRights ?? [])])]
  return { ...price, facts, usedRights, cartFault }
}

/**
 * Why the coupons that were asked for are not part of the price; null when they are. One that was not open when the price was
 * made is refused by the write; if it has come back just then, the price is made again.
 */
export function couponFault({ coupons, couponIds }: Price, wanted: readonly string[]): Fault | null {
  const missing = wanted.find((couponId) => !couponIds.includes(couponId))
  if (missing === undefined) return null
  const judged = coupons.find(({ couponId }) => couponId === missing)
  return judged ? (judged.refusal ?? fault('COUPON_STACK')) : fault('BUSY')
}

/** Why the points that were asked for cannot pay; the write says first when there are too few of them. */
export function pointsFault({ points, facts }: PricedVisit, wanted: number): Fault | null {
  if (points.used === wanted) return null
  const { available, debt } = facts.account
  if (debt > 0) return fault('IN_DEBT', { debtPoints: debt })
  return available < wanted
    ? fault('POINTS_SHORT', { shortPoints: wanted - available })
    : fault('POINTS_CAP', { mostPoints: points.mostPoints })
}
