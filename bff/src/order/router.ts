import { z } from 'zod'
import { requestId, router, staffProcedure } from '../trpc'
import { listShift } from './list-shift'
import { previewOrder } from './preview-order'
import { settleOrder } from './settle-order'

// the amount's own rule answers AMOUNT_INVALID, which the counter has words for
const rungUp = { visitId: z.uuid(), memberRef: z.string().min(1).max(400), amountFen: z.number() }

export const orderRouter = router({
  preview: staffProcedure('clerk')
    .input(z.object(rungUp))
    .query(({ ctx, input }) => previewOrder(ctx.verb, ctx.staff, input)),
  settle: staffProcedure('clerk')
    .input(z.object({ requestId, ...rungUp }))
    .mutation(({ ctx, input }) => settleOrder(ctx.verb, ctx.staff, input)),
  shift: staffProcedure('clerk')
    .input(z.object({ cursor: z.string().max(64).optional() }))
    .query(({ ctx, input }) => listShift(ctx.verb, ctx.staff, input)),
})
