import { randomUUID } from 'node:crypto'
import { FREE_FIELDS, formOfReferral, RISING_FIELDS } from '@huiyuan/shared/campaign'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { twiceWhenBusy } from '../refusal'
import type { ReferralInput } from './campaign-form'
import { guard, type SavedCampaign, sameOrNew } from './guard'

/**
 * Saves a campaign that thanks for friends, new or from the revision that was read. What friends were promised stays once it has
 * begun; nothing begins or ends in the past.
 * @throws CAMPAIGN_REFUSED, CAMPAIGN_FIXED, CAMPAIGN_CHANGED, CAMPAIGN_STOPPED, NOT_FOUND, BAD_INPUT, STAFF_NEEDED, ROLE_NEEDED
 */
export async function saveReferral(ctx: Ctx, input: ReferralInput): Promise<SavedCampaign> {
  const startsAt = new Date(input.startsAt)
  const endsAt = input.endsAt === null ? null : new Date(input.endsAt)
  guard(ctx, formOfReferral({ ...input, reward: { ...input.reward, honourId: null, coupon: null }, startsAt, endsAt }))
  sameOrNew(input.campaignId, input.revision)
  const { title, words, minOrderFen, holdDays, windowDays } = input
  const call = {
    request: commandOf(ctx, 'campaign.saveReferral', input),
    staffId: memberIdOf(ctx),
    campaignId: input.campaignId ?? `f_${randomUUID().replaceAll('-', '').slice(0, 12)}`,
    revision: input.revision,
    terms: {
      title,
      words,
      rewardPoints: input.reward.points,
      minOrderFen,
      holdDays,
      perInviterCap: input.perPersonCap,
      budgetPoints: input.budgetPoints,
      qualifies: input.trigger === 'first_order' ? 'order' : 'order_or_activity',
      windowDays,
      startsAt,
      endsAt,
    },
    free: FREE_FIELDS,
    rising: RISING_FIELDS,
    at: ctx.now(),
  }
  return twiceWhenBusy(() => ctx.sql<SavedCampaign>('campaign_save_referral', call))
}
