import { z } from 'zod'
import { memberProcedure, requestId, router } from '../trpc'
import { attachPhone } from './attach-phone'
import { claimByCard } from './claim-by-card'
import { claimCard } from './claim-card'
import { getMe } from './get-me'
import { listIdentities } from './list-identities'
import { phoneDoor } from './phone-door'
import { renameMember } from './rename-member'
import { setBirthday } from './set-birthday'

export const memberRouter = router({
  me: memberProcedure.query(({ ctx }) => getMe(ctx.verb)),
  identities: memberProcedure.query(({ ctx }) => listIdentities(ctx.verb)),
  claimByCard: memberProcedure
    .input(z.object({ requestId, cardNo: z.string().min(1).max(48) }))
    .mutation(({ ctx, input }) => claimByCard(ctx.verb, input)),
  rename: memberProcedure
    .input(z.object({ requestId, displayName: z.string().min(1).max(80) }))
    .mutation(({ ctx, input }) => renameMember(ctx.verb, input)),
  setBirthday: memberProcedure
    .input(z.object({ requestId, month: z.number().int().min(1).max(12), day: z.number().int().min(1).max(31) }))
    .mutation(({ ctx, input }) => setBirthday(ctx.verb, input)),
  attachPhone: memberProcedure
    .input(z.object({ requestId, phone: phoneDoor }))
    .mutation(({ ctx, input }) => attachPhone(ctx.verb, input)),
  claimCard: memberProcedure
    .input(z.object({ requestId, claimId: z.uuid(), last4: z.string().regex(/^\d{4}$/) }))
    .mutation(({ ctx, input }) => claimCard(ctx.verb, input)),
})
