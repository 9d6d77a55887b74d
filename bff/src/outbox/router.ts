import { z } from 'zod'
import { memberProcedure, requestId, router } from '../trpc'
import { allowMessages } from './allow-messages'
import { listTemplates } from './list-templates'

const result = z.object({
  templateId: z.string().min(1).max(64),
  result: z.enum(['accept', 'reject', 'ban', 'filter']),
})

export const outboxRouter = router({
  templates: memberProcedure.query(({ ctx }) => listTemplates(ctx.verb)),
  allow: memberProcedure
    .input(z.object({ requestId, results: z.array(result).max(5) }))
    .mutation(({ ctx, input }) => allowMessages(ctx.verb, input)),
})
