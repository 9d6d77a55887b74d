import { z } from 'zod'
import { memberProcedure, openProcedure, requestId, router, staffProcedure } from '../trpc'
import { acceptObligation } from './accept-obligation'
import { appealSubmission } from './appeal-submission'
import { checkInObligation } from './check-in-obligation'
import { decideSubmission } from './decide-submission'
import { listAtCounter } from './list-at-counter'
import { listObligations } from './list-obligations'
import { listReviews } from './list-reviews'
import { listSubmissions } from './list-submissions'
import { showObligation } from './show-obligation'
import { submitObligation } from './submit-obligation'

const obligationId = z.string().min(1).max(32)
const visit = { visitId: z.uuid(), memberRef: z.string().min(1).max(400) }
const handIn = {
  text: z.string().max(1_000).optional(),
  link: z.string().max(500).optional(),
  rating: z.int().min(1).max(5).optional(),
  orderId: z.uuid().optional(),
  uploadIds: z.array(z.uuid()).max(9),
}
const caseRef = z.string().min(1).max(400)
const answer = z.string().trim().min(1).max(200).optional()
const decision = z.discriminatedUnion('how', [
  z.object({ requestId, caseRef, how: z.literal('approve'), answer }),
  z.object({
    requestId,
    caseRef,
    how: z.literal('reject'),
    reason: z.enum(['unclear', 'not_it', 'not_own', 'too_late', 'other']),
    answer,
  }),
])
/** A page's end: the time and the id of its last review. */
const afterReview = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  .refine((place) => {
    const at = Date.parse(place.slice(0, 24))
    // the 31st of a short month is no day
    return at > 0 && new Date(at).toISOString() === place.slice(0, 24)
  })
  .optional()

export const obligationRouter = router({
  list: memberProcedure.query(({ ctx }) => listObligations(ctx.verb)),
  show: memberProcedure.input(z.object({ obligationId })).query(({ ctx, input }) => showObligation(ctx.verb, input)),
  accept: memberProcedure
    .input(z.object({ requestId, obligationId }))
    .mutation(({ ctx, input }) => acceptObligation(ctx.verb, input)),
  submit: memberProcedure
    .input(z.object({ requestId, obligationId, ...handIn }))
    .mutation(({ ctx, input }) => submitObligation(ctx.verb, input)),
  appeal: memberProcedure
    .input(z.object({ requestId, submissionId: z.uuid(), words: z.string().trim().min(1).max(200) }))
    .mutation(({ ctx, input }) => appealSubmission(ctx.verb, input)),
  reviews: openProcedure
    .input(z.object({ sku: z.string().min(1).max(32).optional(), after: afterReview }))
    .query(({ ctx, input }) => listReviews(ctx.verb, input)),
  atCounter: staffProcedure('clerk')
    .input(z.object(visit))
    .query(({ ctx, input }) => listAtCounter(ctx.verb, ctx.staff, input)),
  checkIn: staffProcedure('clerk')
    .input(z.object({ requestId, ...visit, obligationId }))
    .mutation(({ ctx, input }) => checkInObligation(ctx.verb, ctx.staff, input)),
  queue: staffProcedure('operator')
    .input(z.object({ state: z.enum(['waiting', 'appeal']), after: z.uuid().optional() }))
    .query(({ ctx, input }) => listSubmissions(ctx.verb, input)),
  decide: staffProcedure('operator')
    .input(decision)
    .mutation(({ ctx, input }) => decideSubmission(ctx.verb, input)),
})
