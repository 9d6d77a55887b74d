import { z } from 'zod'
import { memberProcedure, requestId, router } from '../trpc'
import { allowMessages } from './allow-messages'
import { listTemplates } from './list-templates'

const result = z.object({
  templateId: z.string().min(1).max(64),
  result: z.enum(['accept', 'reject', 'ban', 'filter']),
})

export const outboxRouter = router({
  templates: memberProcedure
    .input(z.object({ appid: z.string().min(1).max(64).optional() }).optional())
    .query(({ ctx, input }) => listTemplates(ctx.verb, input)),
  allow: memberProcedure
    .input(z.object({ requestId, results: z.array(result).max(5) }))
    .mutation(({ ctx, input }) => allowMessages(ctx.verb, input)),
})
