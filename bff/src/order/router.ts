import { z } from 'zod'
import { memberProcedure, requestId, router, staffProcedure } from '../trpc'
import { holdOrder } from './hold-order'
import { listRecent } from './list-recent'
import { listShift } from './list-shift'
import { previewOrder, quoteOrder } from './quote-order'
import { releaseHold } from './release-hold'
import { returnOrder } from './return-order'
import { settleOrder } from './settle-order'
import { showFacts } from './show-facts'

const visit = { visitId: z.uuid(), memberRef: z.string().min(1).max(400) }
// the amount's own rule answers AMOUNT_INVALID, which the counter has words for
const amountFen = z.number()
const cart = {
  lines: z
    .array(z.object({ sku: z.string().min(1).max(32), qty: z.int().min(1).max(99) }))
    .min(1)
    .max(60)
    .optional(),
  fullFen: z.number().optional(),
}
const points = z.int().min(0).max(10_000_000)
const couponIds = z.array(z.uuid()).max(20)
const wish = {
  ...cart,
  coupons: z.union([z.literal('best'), z.literal('none'), couponIds]).default('best'),
  points: z.union([z.literal('most'), points]).default(0),
}

export const orderRouter = router({
  preview: memberProcedure
    .input(z.object(wish).refine(({ lines, fullFen }) => lines !== undefined || fullFen !== undefined))
    .query(({ ctx, input }) => previewOrder(ctx.verb, input)),
  facts: memberProcedure.query(({ ctx }) => showFacts(ctx.verb)),
  quote: staffProcedure('clerk')
    .input(z.object({ ...visit, ...wish }))
    .query(({ ctx, input }) => quoteOrder(ctx.verb, ctx.staff, input)),
  hold: staffProcedure('clerk')
    .input(
      z.object({
        requestId,
        ...visit,
        ...cart,
        couponIds,
        points,
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
      z
        .object({
          requestId,
          orderRef: z.string().min(1).max(400),
          refundFen: z.int().min(1).max(10_000_000).optional(),
          lines: z
            .array(z.object({ lineNo: z.int().min(1).max(100), qty: z.int().min(1).max(99) }))
            .min(1)
            .max(61)
            .optional(),
        })
        .refine(({ refundFen, lines }) => refundFen === undefined || lines === undefined),
    )
    .mutation(({ ctx, input }) => returnOrder(ctx.verb, ctx.staff, input)),
  shift: staffProcedure('clerk')
    .input(z.object({ cursor: z.string().max(64).optional() }))
    .query(({ ctx, input }) => listShift(ctx.verb, ctx.staff, input)),
})
