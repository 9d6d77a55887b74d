import { campaignRuns, type ReferralCampaign } from '@huiyuan/shared/referral'
import type { Ctx } from '../ctx'

/** The campaign that runs, else the one that ran last. */
export async function findCampaign(
  ctx: Ctx,
): Promise<{ campaign: ReferralCampaign & { campaignId: string }; running: boolean } | null> {
  const now = ctx.now()
  const begun = await ctx.db.referralCampaign.findMany({
    where: { startsAt: { lte: now } },
    orderBy: [{ startsAt: 'desc' }, { campaignId: 'asc' }],
    take: 10,
  })
  const campaign = begun.find((one) => campaignRuns(one, now)) ?? begun[0]
  return campaign
    ? {
        campaign: { ...campaign, qualifies: campaign.qualifies as ReferralCampaign['qualifies'] },
        running: campaignRuns(campaign, now),
      }
    : null
}
