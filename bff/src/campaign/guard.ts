import { type CampaignForm, violationsOf } from '@huiyuan/shared/compliance'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'

/** Nothing that breaks a rule gets as far as a statement. @throws CAMPAIGN_REFUSED with every rule that is broken, and where */
export function guard(ctx: Ctx, form: CampaignForm): void {
  const violations = violationsOf(form, ctx.policy)
  if (violations.length > 0)
    refuse('CAMPAIGN_REFUSED', { violations: violations.map(({ rule, field }) => ({ rule, field })) })
}

/** A change names what it was made from, a new one names nothing. @throws BAD_INPUT */
export function sameOrNew(id: string | null, revision: number | null): void {
  if ((id === null) !== (revision === null)) refuse('BAD_INPUT', { fields: [{ path: 'revision', problem: 'custom' }] })
}

export interface SavedCampaign {
  campaignId: string
  /** Names what was saved; the next change is made from it. */
  revision: number
}
