import type { CouponLife, CouponStacking, CouponTerms } from '@huiyuan/shared/coupon'
import { type CouponRow, lifeOf } from './coupon-rows'

/** A coupon as a price asks for it. */
export interface OpenCoupon extends CouponTerms, CouponLife, CouponStacking {
  couponId: string
  templateId: string
  title: string
}

/** One of the member's coupons that are not used, not voided and not ended, held ones among them. */
export const openCouponOf = (row: CouponRow): OpenCoupon => ({
  couponId: row.couponId,
  templateId: row.templateId,
  title: row.title,
  kind: row.kind,
  amountOffFen: row.amountOffFen,
  payPercent: row.payPercent,
  maxOffFen: row.maxOffFen,
  thresholdFen: row.thresholdFen,
  stackingGroup: row.stackingGroup,
  scope: row.scope,
  ...lifeOf(row),
})
