import { router, staffProcedure } from '../trpc'
import { verifyAudit } from './verify-audit'

export const auditRouter = router({
  verify: staffProcedure('manager').query(({ ctx }) => verifyAudit(ctx.verb, ctx.staff.storeId)),
})
