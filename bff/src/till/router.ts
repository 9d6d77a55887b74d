import { z } from 'zod'
import { requestId, router, staffProcedure } from '../trpc'
import { createKey } from './create-key'
import { listKeys } from './list-keys'
import { revokeKey } from './revoke-key'

const managerProcedure = staffProcedure('manager')

export const tillRouter = router({
  listKeys: managerProcedure.query(({ ctx }) => listKeys(ctx.verb, ctx.staff)),
  createKey: managerProcedure
    .input(z.object({ requestId, tillId: z.string().min(1).max(32), label: z.string().trim().min(1).max(40) }))
    .mutation(({ ctx, input }) => createKey(ctx.verb, ctx.staff, input)),
  revokeKey: managerProcedure
    .input(z.object({ requestId, keyId: z.uuid() }))
    .mutation(({ ctx, input }) => revokeKey(ctx.verb, ctx.staff, input)),
})
