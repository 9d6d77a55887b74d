import { memberProcedure, router } from '../trpc'
import { showPoster } from './show-poster'
import { showReferral } from './show-referral'

export const referralRouter = router({
  mine: memberProcedure.query(({ ctx }) => showReferral(ctx.verb)),
  poster: memberProcedure.query(({ ctx }) => showPoster(ctx.verb)),
})
