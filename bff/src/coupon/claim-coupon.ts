import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import { type CouponRow, type ShownCoupon, shownCoupon } from './coupon-rows'

/**
 * Takes one of the coupons that lie open for everybody. Never more than the limits, at any concurrency (I-C1).
 * @throws NOT_FOUND, COUPON_GONE, COUPON_LIMIT, COUPON_NOT_OPEN, COUPON_OVER, REQUEST_REUSED
 */
export async function claimCoupon(ctx: Ctx, input: { requestId: string; templateId: string }): Promise<ShownCoupon> {
  const memberId = memberIdOf(ctx)
  const request = commandOf(ctx, 'coupon.claim', input)
  const at = ctx.now()
  const row = await twiceWhenBusy(async (again) =>
    ctx.sql<CouponRow>('coupon_claim', {
      request,
      memberId: again ? await survivingId(ctx.db, memberId) : memberId,
      templateId: input.templateId,
      claimId: uuidv7({ msecs: at.getTime() }),
      at,
    }),
  )
  return shownCoupon(row, at)
}
