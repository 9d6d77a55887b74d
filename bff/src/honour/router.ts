import { z } from 'zod'
import { memberProcedure, openProcedure, requestId, router } from '../trpc'
import { listHonours } from './list-honours'
import { setWall } from './set-wall'
import { showWall } from './show-wall'

const honourId = z.string().min(1).max(32)

export const honourRouter = router({
  mine: memberProcedure.query(({ ctx }) => listHonours(ctx.verb)),
  putOnWall: memberProcedure
    .input(z.object({ requestId, honourId }))
    .mutation(({ ctx, input }) => setWall(ctx.verb, input, true)),
  takeOffWall: memberProcedure
    .input(z.object({ requestId, honourId }))
    .mutation(({ ctx, input }) => setWall(ctx.verb, input, false)),
  wall: openProcedure
    .input(z.object({ honourId, after: z.string().min(1).max(400).optional() }))
    .query(({ ctx, input }) => showWall(ctx.verb, input)),
})
