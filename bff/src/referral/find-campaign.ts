import { campaignRuns, type ReferralCampaign } from '@huiyuan/shared/referral'
import type { Ctx } from '../ctx'

const latest = { orderBy: [{ startsAt: 'desc' as const }, { campaignId: 'asc' as const }] }

/** The campaign that runs, as whoever joins now is told (referral_attribute), else the one that began last. */
export async function findCampaign(
  ctx: Ctx,
): Promise<{ campaign: ReferralCampaign & { campaignId: string }; running: boolean } | null> {
  const now = ctx.now()
  const begun = { startsAt: { lte: now } }
  const open = [
    { OR: [{ endsAt: null }, { endsAt: { gt: now } }] },
    { OR: [{ stoppedAt: null }, { stoppedAt: { gt: now } }] },
  ]
  const campaign =
    (await ctx.db.referralCampaign.findFirst({ where: { ...begun, AND: open }, ...latest })) ??
    (await ctx.db.referralCampaign.findFirst({ where: begun, ...latest }))
  return campaign
    ? {
        campaign: { ...campaign, qualifies: campaign.qualifies as ReferralCampaign['qualifies'] },
        running: campaignRuns(campaign, now),
      }
    : null
}
