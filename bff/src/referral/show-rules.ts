import { type ReferralCampaign, rulesOf } from '@huiyuan/shared/referral'
import type { Ctx } from '../ctx'
import { findCampaign } from './find-campaign'

/** The rules of the campaign that runs, else of the one that ran last, for anybody; null before there was one. */
export async function showRules(ctx: Ctx) {
  const now = ctx.now()
  const found = await findCampaign(ctx)
  if (!found) return null
  const { campaign, running } = found
  return {
    title: campaign.title,
    words: rulesOf(campaign, ctx.policy, now),
    running,
    ...termsOf(campaign),
  }
}

/** What a campaign promises, as it travels. Times are ISO strings. */
export const termsOf = ({ startsAt, endsAt, stoppedAt, ...campaign }: ReferralCampaign) => ({
  rewardPoints: campaign.rewardPoints,
  minOrderFen: campaign.minOrderFen,
  qualifies: campaign.qualifies,
  windowDays: campaign.windowDays,
  holdDays: campaign.holdDays,
  perInviterCap: campaign.perInviterCap,
  startsAt: startsAt.toISOString(),
  endsAt: endsAt?.toISOString() ?? null,
  stoppedAt: stoppedAt?.toISOString() ?? null,
})
