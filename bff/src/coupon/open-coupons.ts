import type { CouponLife, CouponStacking, CouponTerms } from '@huiyuan/shared/coupon'
import type { Ctx } from '../ctx'
import { type CouponRow, lifeOf } from './coupon-rows'

/** A coupon as a price asks for it. */
export interface OpenCoupon extends CouponTerms, CouponLife, CouponStacking {
  couponId: string
  templateId: string
  title: string
}

/** The member's coupons that are not used, not voided and not ended, held ones among them; the soonest end first. */
export async function openCoupons(ctx: Ctx, memberId: string): Promise<OpenCoupon[]> {
  const rows = await ctx.sql<CouponRow[]>('coupon_open', { memberId, at: ctx.now() })
  return rows.map((row) => ({
    couponId: row.couponId,
    templateId: row.templateId,
    title: row.title,
    kind: row.kind,
    amountOffFen: row.amountOffFen,
    payPercent: row.payPercent,
    maxOffFen: row.maxOffFen,
    thresholdFen: row.thresholdFen,
    stackingGroup: row.stackingGroup ?? 'order',
    scope: row.scope ?? null,
    ...lifeOf(row),
  }))
}
