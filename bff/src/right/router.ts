import { z } from 'zod'
import { memberProcedure, requestId, router, staffProcedure } from '../trpc'
import { listRights } from './list-rights'
import { showAtCounter } from './show-at-counter'
import { useRight } from './use-right'

const inVisit = { visitId: z.uuid(), memberRef: z.string().min(1).max(400) }

export const rightRouter = router({
  list: memberProcedure.query(({ ctx }) => listRights(ctx.verb)),
  atCounter: staffProcedure('clerk')
    .input(z.object(inVisit))
    .query(({ ctx, input }) => showAtCounter(ctx.verb, ctx.staff, input)),
  use: staffProcedure('clerk')
    .input(z.object({ requestId, ...inVisit, rightId: z.string().min(1).max(32) }))
    .mutation(({ ctx, input }) => useRight(ctx.verb, ctx.staff, input)),
})
