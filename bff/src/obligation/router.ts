import { z } from 'zod'
import { memberProcedure, requestId, router, staffProcedure } from '../trpc'
import { acceptObligation } from './accept-obligation'
import { checkInObligation } from './check-in-obligation'
import { listAtCounter } from './list-at-counter'
import { listObligations } from './list-obligations'

const obligationId = z.string().min(1).max(32)
const visit = { visitId: z.uuid(), memberRef: z.string().min(1).max(400) }

export const obligationRouter = router({
  list: memberProcedure.query(({ ctx }) => listObligations(ctx.verb)),
  accept: memberProcedure
    .input(z.object({ requestId, obligationId }))
    .mutation(({ ctx, input }) => acceptObligation(ctx.verb, input)),
  atCounter: staffProcedure('clerk')
    .input(z.object(visit))
    .query(({ ctx, input }) => listAtCounter(ctx.verb, ctx.staff, input)),
  checkIn: staffProcedure('clerk')
    .input(z.object({ requestId, ...visit, obligationId }))
    .mutation(({ ctx, input }) => checkInObligation(ctx.verb, ctx.staff, input)),
})
