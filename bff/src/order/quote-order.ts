import type { Fault } from '@huiyuan/shared/faults'
import { earningOf } from '@huiyuan/shared/ledger'
import { isRingUpAmount } from '@huiyuan/shared/money'
import { quoteWords } from '@huiyuan/shared/order'
import type { ReceiptLine } from '@huiyuan/shared/pricing'
import { tierAt } from '@huiyuan/shared/tier'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'
import { getVisit } from '../visit'
import { priceVisit } from './price-visit'

export interface Quote {
  fullFen: number
  payableFen: number
  offFen: number
  receipt: ReceiptLine[]
  couponId: string | null
  points: number
  growth: number
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

/**
 * What an amount costs in this visit and what paying it would earn, in numbers and words; reserves and writes nothing.
 * @throws AMOUNT_INVALID, VISIT_UNKNOWN, VISIT_OVER, NOT_FOUND for a coupon that this member does not have
 */
export async function quoteOrder(
  ctx: Ctx,
  staff: AtWork,
  { fullFen, coupon = 'best', ...of }: { visitId: string; memberRef: string; fullFen: number; coupon?: string },
): Promise<Quote> {
  if (!isRingUpAmount(fullFen)) return refuse('AMOUNT_INVALID')
  const visit = await getVisit(ctx, staff, of)
  const price = await priceVisit(ctx, visit, {
    fullFen,
    choice: coupon === 'best' || coupon === 'none' ? coupon : [coupon],
  })
  const { payableFen, receipt, couponIds, coupons, tier, growth } = price
  const named = coupon === 'best' || coupon === 'none' || visit.method !== 'code'
  if (!named && !coupons.some((offered) => offered.couponId === coupon)) return refuse('NOT_FOUND', { noun: 'coupon' })
  const earning = earningOf(payableFen, ctx.now(), ctx.policy)
  const growthAfter = growth + earning.growth
  const tierAfter = Math.max(tier, tierAt(growthAfter, ctx.policy).tier)
  return {
    fullFen,
    payableFen,
    offFen: fullFen - payableFen,
    receipt,
    couponId: couponIds[0] ?? null,
    points: earning.points,
    growth: earning.growth,
    activeAt: earning.activeAt.toISOString(),
    tierAfter,
    words: quoteWords({ earning, growthAfter, tierBefore: tier, tierAfter }, ctx.now(), ctx.policy),
    packet: await packetFor(ctx, payableFen),
    coupons: coupons.map((offered) => ({ ...offered, expiresAt: offered.expiresAt.toISOString() })),
  }
}

async function packetFor({ db, policy: { packet } }: Ctx, payableFen: number): Promise<Quote['packet']> {
  if (!packet || payableFen < packet.minOrderFen) return null
  const { templateId } = packet
  return db.couponTemplate.findUnique({ where: { templateId }, select: { title: true } })
}
