import { z } from 'zod'
import { requestId, router, staffProcedure } from '../trpc'
import { campaignKey, obligationForm, referralForm } from './campaign-form'
import { listCampaigns } from './list-campaigns'
import { listHistory } from './list-history'
import { saveObligation } from './save-obligation'
import { saveReferral } from './save-referral'
import { showCampaign } from './show-campaign'
import { stopCampaign } from './stop-campaign'

const operatorProcedure = staffProcedure('operator')
const kind = z.enum(['referral', 'obligation'])

export const campaignRouter = router({
  list: operatorProcedure.query(({ ctx }) => listCampaigns(ctx.verb)),
  get: operatorProcedure
    .input(z.object({ kind, campaignId: campaignKey.nullable() }))
    .query(({ ctx, input }) => showCampaign(ctx.verb, input)),
  history: operatorProcedure
    .input(z.object({ kind, campaignId: campaignKey, before: z.int().min(1).max(1_000_000).optional() }))
    .query(({ ctx, input }) => listHistory(ctx.verb, input)),
  saveReferral: operatorProcedure.input(referralForm).mutation(({ ctx, input }) => saveReferral(ctx.verb, input)),
  saveObligation: operatorProcedure.input(obligationForm).mutation(({ ctx, input }) => saveObligation(ctx.verb, input)),
  stop: operatorProcedure
    .input(z.object({ requestId, kind, campaignId: campaignKey, reason: z.string().trim().min(1).max(120) }))
    .mutation(({ ctx, input }) => stopCampaign(ctx.verb, input)),
})
