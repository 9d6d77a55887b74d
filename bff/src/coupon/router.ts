import { z } from 'zod'
import { memberProcedure, requestId, router } from '../trpc'
import { claimCoupon } from './claim-coupon'
import { listCoupons } from './list-coupons'

export const couponRouter = router({
  list: memberProcedure.query(({ ctx }) => listCoupons(ctx.verb)),
  claim: memberProcedure
    .input(z.object({ requestId, templateId: z.string().min(1).max(32) }))
    .mutation(({ ctx, input }) => claimCoupon(ctx.verb, input)),
})
