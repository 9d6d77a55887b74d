import { memberProcedure, router } from '../trpc'
import { showHome } from './show-home'

export const homeRouter = router({
  show: memberProcedure.query(({ ctx }) => showHome(ctx.verb)),
})
