import { z } from 'zod'
import { memberProcedure, openProcedure, requestId, router } from '../trpc'
import { openGift } from './open-gift'
import { previewGift } from './preview-gift'
import { showGift } from './show-gift'

export const giftRouter = router({
  preview: openProcedure
    .input(z.object({ link: z.string().max(32).optional() }))
    .query(({ ctx, input }) => previewGift(ctx.verb, input)),
  show: memberProcedure.query(({ ctx }) => showGift(ctx.verb)),
  open: memberProcedure
    .input(z.object({ requestId, giftId: z.string().min(1).max(32) }))
    .mutation(({ ctx, input }) => openGift(ctx.verb, input)),
})
