import type { Fault } from '@huiyuan/shared/faults'
import { earningOf } from '@huiyuan/shared/ledger'
import { quoteWords } from '@huiyuan/shared/order'
import type { CouponChoice, PaidPoints, ReceiptLine } from '@huiyuan/shared/pricing'
import { tierAt } from '@huiyuan/shared/tier'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'
import { getVisit } from '../visit'
import { type Cart, isCartTyped, type OrderLine, toldLines } from './cart'
import { type PricedVisit, priceVisit } from './price-visit'

export interface Quote {
  fullFen: number
  payableFen: number
  offFen: number
  /** What was rung up by articles; empty for an amount by itself. */
  lines: OrderLine[]
  receipt: ReceiptLine[]
  couponIds: string[]
  /** Points as cash: what is used, and the most that could be. */
  pointsPay: PaidPoints
  /** Whether every combination of coupons was weighed. */
  exact: boolean
  points: number
  growth: number
  /** What the paid amount earns, in percent of the policy's rate. */
  earnPercent: number
  activeAt: string
  tierAfter: number
  words: string[]
  /** What the paid order is thanked with. */
  packet: { title: string } | null
  coupons: {
    couponId: string
    title: string
    expiresAt: string
    offFen: number
    refusal: Fault | null
    chosen: boolean
  }[]
}

export interface QuoteWish extends Cart {
  coupons?: CouponChoice | undefined
  points?: number | 'most' | undefined
}

/**
 * What a cart costs in this visit and what paying it would earn, in numbers and words; reserves and writes nothing.
 * @throws AMOUNT_INVALID, PRODUCT_UNKNOWN, PRODUCT_NOT_OPEN, PRODUCT_OVER, VISIT_UNKNOWN, VISIT_OVER, NOT_FOUND for a coupon
 * that this member does not have
 */
export async function quoteOrder(
  ctx: Ctx,
  staff: AtWork,
  { visitId, memberRef, ...wish }: QuoteWish & { visitId: string; memberRef: string },
): Promise<Quote> {
  if (!isCartTyped(wish)) return refuse('AMOUNT_INVALID')
  return quoteFor(ctx, await getVisit(ctx, staff, { visitId, memberRef }), wish)
}

/** The same for members themselves, on their phone. @throws AMOUNT_INVALID, PRODUCT_…, NOT_FOUND, BUSY */
export async function previewOrder(ctx: Ctx, wish: QuoteWish): Promise<Quote> {
  if (!isCartTyped(wish)) return refuse('AMOUNT_INVALID')
  return quoteFor(ctx, { memberId: memberIdOf(ctx), method: 'code' }, wish)
}

async function quoteFor(
  ctx: Ctx,
  who: { memberId: string; method: string },
  { coupons: choice = 'best', points = 0, ...cart }: QuoteWish,
): Promise<Quote> {
  const price = await priceVisit(ctx, who, { ...cart, choice, points })
  if (price.cartFault) return refuse(price.cartFault.code, price.cartFault.detail as never)
  if (who.method === 'code' && typeof choice !== 'string') {
    const own = new Set(price.coupons.map(({ couponId }) => couponId))
    if (choice.some((couponId) => !own.has(couponId))) return refuse('NOT_FOUND', { noun: 'coupon' })
  }
  return quoteOf(ctx, price, who.method === 'code' ? price.facts.earnPercent : 100)
}

function quoteOf(ctx: Ctx, price: PricedVisit, earnPercent: number): Quote {
  const { fullFen, payableFen, receipt, couponIds, coupons, exact } = price
  const { tier, account, packet } = price.facts
  const earning = earningOf(payableFen, ctx.now(), ctx.policy, earnPercent)
  const growthAfter = account.growth + earning.growth
  const tierAfter = Math.max(tier, tierAt(growthAfter, ctx.policy).tier)
  const thanked = ctx.policy.packet !== null && payableFen >= ctx.policy.packet.minOrderFen
  return {
    fullFen,
    payableFen,
    offFen: fullFen - payableFen,
    lines: toldLines(price.lines),
    receipt,
    couponIds,
    pointsPay: price.points,
    exact,
    points: earning.points,
    growth: earning.growth,
    earnPercent,
    activeAt: earning.activeAt.toISOString(),
    tierAfter,
    words: quoteWords({ earning, growthAfter, tierBefore: tier, tierAfter }, ctx.now(), ctx.policy),
    packet: thanked && packet !== null ? { title: packet } : null,
    coupons: coupons.map((offered) => ({ ...offered, expiresAt: offered.expiresAt.toISOString() })),
  }
}
