import { memberProcedure, router } from '../trpc'
import { listRights } from './list-rights'

export const rightRouter = router({
  list: memberProcedure.query(({ ctx }) => listRights(ctx.verb)),
})
