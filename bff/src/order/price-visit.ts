import { type Fault, fault } from '@huiyuan/shared/faults'
import { type CouponChoice, type Price, priceOrder, typedAmount } from '@huiyuan/shared/pricing'
import { openCoupons } from '../coupon'
import type { Ctx } from '../ctx'

export interface PricedVisit extends Price {
  tier: number
  growth: number
}

/** What an amount costs the member of this visit now. Reads only. */
export async function priceVisit(
  ctx: Ctx,
  { memberId, method }: { memberId: string; method: string },
  { fullFen, choice }: { fullFen: number; choice: CouponChoice },
): Promise<PricedVisit> {
  const maySpend = method === 'code'
  const [account, standing, coupons] = await Promise.all([
    ctx.db.account.findUniqueOrThrow({ where: { memberId }, select: { growth: true } }),
    ctx.db.standing.findUniqueOrThrow({ where: { memberId }, select: { tier: true } }),
    maySpend ? openCoupons(ctx, memberId) : [],
  ])
  const { tier } = standing
  const price = priceOrder({
    lines: [typedAmount(fullFen)],
    tier,
    rules: [],
    bought: [],
    coupons,
    choice,
    points: { wanted: 0, available: 0, debt: 0 },
    maySpend,
    now: ctx.now(),
    policy: ctx.policy,
  })
  return { ...price, tier, growth: account.growth }
}

/**
 * Why the coupon that was asked for is not part of the price; null when it is, or none was asked for. One that was not open
 * when the price was made is refused by the write; if it has come back just then, the price is made again.
 */
export function couponFault({ coupons, couponIds }: Price, wanted: string | null): Fault | null {
  if (wanted === null || couponIds.includes(wanted)) return null
  const judged = coupons.find((coupon) => coupon.couponId === wanted)
  return judged ? judged.refusal : fault('BUSY')
}
