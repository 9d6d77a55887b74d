import { z } from 'zod'
import { memberProcedure, openProcedure, requestId, router, staffProcedure } from '../trpc'
import { listConversions } from './list-conversions'
import { listGifts } from './list-gifts'
import { openGift } from './open-gift'
import { previewGift } from './preview-gift'

export const giftRouter = router({
  preview: openProcedure
    .input(z.object({ link: z.string().max(32).optional() }))
    .query(({ ctx, input }) => previewGift(ctx.verb, input)),
  list: memberProcedure.query(({ ctx }) => listGifts(ctx.verb)),
  open: memberProcedure
    .input(z.object({ requestId, giftId: z.string().min(1).max(32) }))
    .mutation(({ ctx, input }) => openGift(ctx.verb, input)),
  conversions: staffProcedure('operator').query(({ ctx }) => listConversions(ctx.verb)),
})
