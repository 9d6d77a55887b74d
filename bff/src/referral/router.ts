import { z } from 'zod'
import { memberProcedure, openProcedure, requestId, router, staffProcedure } from '../trpc'
import { appealReferral } from './appeal-referral'
import { decideReferral } from './decide-referral'
import { listReviews } from './list-reviews'
import { showLinks } from './show-links'
import { showPoster } from './show-poster'
import { showReferral } from './show-referral'
import { showRules } from './show-rules'

export const referralRouter = router({
  mine: memberProcedure.query(({ ctx }) => showReferral(ctx.verb)),
  poster: memberProcedure.query(({ ctx }) => showPoster(ctx.verb)),
  links: memberProcedure.query(({ ctx }) => showLinks(ctx.verb)),
  rules: openProcedure.query(({ ctx }) => showRules(ctx.verb)),
  appeal: memberProcedure
    .input(z.object({ requestId, referralId: z.uuid(), words: z.string().trim().min(1).max(200) }))
    .mutation(({ ctx, input }) => appealReferral(ctx.verb, input)),
  queue: staffProcedure('operator')
    .input(z.object({ state: z.enum(['review', 'appeal']), after: z.uuid().optional() }))
    .query(({ ctx, input }) => listReviews(ctx.verb, input)),
  decide: staffProcedure('operator')
    .input(
      z.object({
        requestId,
        caseRef: z.string().min(1).max(400),
        how: z.enum(['pay', 'refuse']),
        answer: z.string().trim().max(200),
      }),
    )
    .mutation(({ ctx, input }) => decideReferral(ctx.verb, input)),
})
