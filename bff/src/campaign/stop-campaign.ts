import type { CampaignKind } from '@huiyuan/shared/campaign'
import { type Ctx, commandOf, memberIdOf } from '../ctx'

/**
 * Ends a campaign at once and for good, by whatever clock: nothing new is promised from here on. What was promised is kept.
 * @throws CAMPAIGN_STOPPED, NOT_FOUND, STAFF_NEEDED, ROLE_NEEDED, REQUEST_REUSED
 */
export const stopCampaign = (
  ctx: Ctx,
  input: { requestId: string; kind: CampaignKind; campaignId: string; reason: string },
): Promise<{ campaignId: string; revision: number; stoppedAt: string }> => {
  const { requestId: _, ...wish } = input
  const request = commandOf(ctx, 'campaign.stop', input)
  return ctx.sql('campaign_stop', { ...wish, request, staffId: memberIdOf(ctx), at: ctx.now() })
}
