import { randomUUID } from 'node:crypto'
import { FREE_FIELDS, formOfObligation, PROOFS, RISING_FIELDS } from '@huiyuan/shared/campaign'
import type { LegalTrigger } from '@huiyuan/shared/compliance'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import type { ObligationInput } from './campaign-form'
import { guard, type SavedCampaign, sameOrNew } from './guard'

/**
 * Saves what members may do for the brand, new or from the revision that was read; how it is proven follows from what it thanks
 * for. What was promised stays once it has begun.
 * @throws CAMPAIGN_REFUSED, CAMPAIGN_FIXED, CAMPAIGN_CHANGED, CAMPAIGN_STOPPED, NOT_FOUND, BAD_INPUT, STAFF_NEEDED, ROLE_NEEDED
 */
export async function saveObligation(ctx: Ctx, input: ObligationInput): Promise<SavedCampaign> {
  const startsAt = new Date(input.startsAt)
  const endsAt = new Date(input.endsAt)
  guard(ctx, formOfObligation({ ...input, startsAt, endsAt }))
  sameOrNew(input.obligationId, input.revision)
  await findNamed(ctx, input)
  const call = {
    request: commandOf(ctx, 'campaign.saveObligation', input),
    staffId: memberIdOf(ctx),
    campaignId: input.obligationId ?? `o_${randomUUID().replaceAll('-', '').slice(0, 12)}`,
    revision: input.revision,
    terms: { ...termsOf(input), startsAt, endsAt },
    free: FREE_FIELDS,
    rising: RISING_FIELDS,
    at: ctx.now(),
  }
  return twiceWhenBusy(() => ctx.sql<SavedCampaign>('campaign_save_obligation', call))
}

/** What the guard let through, as the columns of the definition. */
function termsOf(input: ObligationInput) {
  const { proof, counts } = PROOFS[input.trigger as LegalTrigger]
  const { kind, title, words, mark, tierGate, target, cooldownHours, storeId, position, period } = input
  const { forHonourId, keepsHonourId, articleId, sku, dueDays, mostTries, labelled } = input
  return {
    ...{ kind, title, words, mark, tierGate, target, cooldownHours, storeId, position, period, proof, counts },
    ...{ forHonourId, keepsHonourId, articleId, sku, dueDays, mostTries, labelled },
    countsFromFen: counts === 'order' ? input.countsFromFen : 0,
    wants: proof === 'handed_in' ? input.wants : null,
    rewardPoints: input.reward.points,
    honourId: input.reward.honourId,
    rewardCoupon: input.reward.coupon,
    budgetPoints: input.budgetPoints,
  }
}

/** What a definition names must be there; none of it is ever removed. @throws NOT_FOUND with the noun */
async function findNamed(ctx: Ctx, input: ObligationInput): Promise<void> {
  const { storeId, articleId, sku, forHonourId, keepsHonourId } = input
  const { honourId, coupon } = input.reward
  const honours = [...new Set([honourId, forHonourId, keepsHonourId].filter((id) => id !== null))]
  const [held, store, article, product, template] = await Promise.all([
    ctx.db.honour.count({ where: { honourId: { in: honours } } }),
    storeId === null || ctx.db.store.count({ where: { storeId } }),
    articleId === null || ctx.db.article.count({ where: { articleId } }),
    sku === null || ctx.db.product.count({ where: { sku } }),
    coupon === null || ctx.db.couponTemplate.count({ where: { templateId: coupon } }),
  ])
  if (held < honours.length) refuse('NOT_FOUND', { noun: 'honour' })
  for (const [noun, found] of Object.entries({ store, article, product, coupon: template }))
    if (!found) refuse('NOT_FOUND', { noun })
}
