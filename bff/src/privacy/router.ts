import { z } from 'zod'
import { memberProcedure, requestId, router } from '../trpc'
import { askCancellation, withdrawCancellation } from './ask-cancellation'
import { makeExportLink } from './export-link'
import { listConsents } from './list-consents'
import { lookAtCancellation } from './look-cancellation'
import { secondProof, sendOwnCode } from './prove-again'
import { dropMessages, setPersonalOffers } from './set-consent'

export const privacyRouter = router({
  consents: memberProcedure.query(({ ctx }) => listConsents(ctx.verb)),
  setPersonalOffers: memberProcedure
    .input(z.object({ requestId, on: z.boolean() }))
    .mutation(({ ctx, input }) => setPersonalOffers(ctx.verb, input)),
  dropMessages: memberProcedure
    .input(z.object({ requestId, template: z.string().min(1).max(32) }))
    .mutation(({ ctx, input }) => dropMessages(ctx.verb, input)),
  exportLink: memberProcedure.mutation(({ ctx }) => makeExportLink(ctx.verb)),
  cancellation: memberProcedure.query(({ ctx }) => lookAtCancellation(ctx.verb)),
  sendCode: memberProcedure.mutation(({ ctx }) => sendOwnCode(ctx.verb)),
  cancel: memberProcedure
    .input(z.object({ requestId, proof: secondProof }))
    .mutation(({ ctx, input }) => askCancellation(ctx.verb, input)),
  stay: memberProcedure
    .input(z.object({ requestId }))
    .mutation(({ ctx, input }) => withdrawCancellation(ctx.verb, input)),
})
