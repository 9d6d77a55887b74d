import { z } from 'zod'
import { requestId, router, staffProcedure } from '../trpc'
import { holdOrder } from './hold-order'
import { listRecent } from './list-recent'
import { listShift } from './list-shift'
import { quoteOrder } from './quote-order'
import { releaseHold } from './release-hold'
import { returnOrder } from './return-order'
import { settleOrder } from './settle-order'

const visit = { visitId: z.uuid(), memberRef: z.string().min(1).max(400) }
// the amount's own rule answers AMOUNT_INVALID, which the counter has words for
const amountFen = z.number()
const fullFen = z.number()

export const orderRouter = router({
  quote: staffProcedure('clerk')
    .input(
      z.object({
        ...visit,
        fullFen,
        coupon: z.union([z.literal('best'), z.literal('none'), z.uuid()]).default('best'),
      }),
    )
    .query(({ ctx, input }) => quoteOrder(ctx.verb, ctx.staff, input)),
  hold: staffProcedure('clerk')
    .input(
      z.object({
        requestId,
        ...visit,
        fullFen,
        couponId: z.uuid().nullable(),
        payableFen: z.int().min(0).max(10_000_000),
      }),
    )
    .mutation(({ ctx, input }) => holdOrder(ctx.verb, ctx.staff, input)),
  release: staffProcedure('clerk')
    .input(z.object({ requestId, ...visit, holdId: z.uuid() }))
    .mutation(({ ctx, input }) => releaseHold(ctx.verb, ctx.staff, input)),
  settle: staffProcedure('clerk')
    .input(
      z.union([
        z.strictObject({ requestId, ...visit, amountFen }),
        z.strictObject({ requestId, ...visit, holdId: z.uuid() }),
      ]),
    )
    .mutation(({ ctx, input }) => settleOrder(ctx.verb, ctx.staff, input)),
  recent: staffProcedure('clerk')
    .input(z.object(visit))
    .query(({ ctx, input }) => listRecent(ctx.verb, ctx.staff, input)),
  return: staffProcedure('clerk')
    .input(
      z.object({
        requestId,
        orderRef: z.string().min(1).max(400),
        refundFen: z.int().min(1).max(10_000_000).optional(),
      }),
    )
    .mutation(({ ctx, input }) => returnOrder(ctx.verb, ctx.staff, input)),
  shift: staffProcedure('clerk')
    .input(z.object({ cursor: z.string().max(64).optional() }))
    .query(({ ctx, input }) => listShift(ctx.verb, ctx.staff, input)),
})
