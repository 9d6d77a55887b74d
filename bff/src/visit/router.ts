import { z } from 'zod'
import { phoneText, requestId, router, staffProcedure } from '../trpc'
import { bindCard, previewCard } from './bind-card'
import { confirmClaim, listCards, previewClaim } from './confirm-claim'
import { findVisit } from './find-visit'
import { scanVisit } from './scan-visit'

const tillId = z.string().min(1).max(32)
const at = { requestId, tillId }
const visit = { visitId: z.uuid(), memberRef: z.string().min(1).max(400) }
const cardNo = z.string().min(1).max(48)
const claimId = z.uuid()
const seal = z.string().regex(/^[0-9a-f]{32}$/)
const clerkProcedure = staffProcedure('clerk')

export const visitRouter = router({
  scan: clerkProcedure
    .input(z.object({ ...at, code: z.string().min(1).max(600) }))
    .mutation(({ ctx, input }) => scanVisit(ctx.verb, ctx.staff, input)),
  find: clerkProcedure
    .input(
      z.union([
        z.strictObject({ ...at, memberNo: z.string().min(1).max(32) }),
        z.strictObject({ ...at, phone: phoneText }),
      ]),
    )
    .mutation(({ ctx, input }) => findVisit(ctx.verb, ctx.staff, input)),
  cards: clerkProcedure.input(z.object(visit)).query(({ ctx, input }) => listCards(ctx.verb, ctx.staff, input)),
  previewCard: clerkProcedure
    .input(z.object({ ...visit, cardNo }))
    .query(({ ctx, input }) => previewCard(ctx.verb, ctx.staff, input)),
  bindCard: clerkProcedure
    .input(z.object({ requestId, ...visit, cardNo, seal: seal.optional() }))
    .mutation(({ ctx, input }) => bindCard(ctx.verb, ctx.staff, input)),
  previewClaim: clerkProcedure
    .input(z.object({ ...visit, claimId }))
    .query(({ ctx, input }) => previewClaim(ctx.verb, ctx.staff, input)),
  confirmClaim: clerkProcedure
    .input(z.object({ requestId, ...visit, claimId, seal }))
    .mutation(({ ctx, input }) => confirmClaim(ctx.verb, ctx.staff, input)),
})
