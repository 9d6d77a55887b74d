import { memberProcedure, router } from '../trpc'
import { explainTier } from './explain-tier'

export const tierRouter = router({
  explain: memberProcedure.query(({ ctx }) => explainTier(ctx.verb)),
})
