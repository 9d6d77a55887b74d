import { z } from 'zod'
import { memberProcedure, router } from '../trpc'
import { listLots } from './list-lots'
import { listStatement } from './list-statement'

export const ledgerRouter = router({
  statement: memberProcedure
    .input(
      z.object({
        kind: z.enum(['all', 'earned', 'spent', 'expired', 'growth']).optional(),
        cursor: z.uuid().optional(),
        limit: z.number().int().min(1).max(50).optional(),
      }),
    )
    .query(({ ctx, input }) => listStatement(ctx.verb, input)),
  lots: memberProcedure.query(({ ctx }) => listLots(ctx.verb)),
})
