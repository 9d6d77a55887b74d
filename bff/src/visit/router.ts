import { z } from 'zod'
import { phoneText, requestId, router, staffProcedure } from '../trpc'
import { findVisit } from './find-visit'
import { scanVisit } from './scan-visit'

const tillId = z.string().min(1).max(32)
const at = { requestId, tillId }

export const visitRouter = router({
  scan: staffProcedure('clerk')
    .input(z.object({ ...at, code: z.string().min(1).max(64) }))
    .mutation(({ ctx, input }) => scanVisit(ctx.verb, ctx.staff, input)),
  find: staffProcedure('clerk')
    .input(
      z.union([
        z.strictObject({ ...at, memberNo: z.string().min(1).max(32) }),
        z.strictObject({ ...at, phone: phoneText }),
      ]),
    )
    .mutation(({ ctx, input }) => findVisit(ctx.verb, ctx.staff, input)),
})
