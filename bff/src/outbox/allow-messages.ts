import { type Ctx, commandOf, memberIdOf, once } from '../ctx'
import { listTemplates } from './list-templates'
import { findTemplateKey } from './templates'

export interface AllowInput {
  requestId: string
  /** What wx.requestSubscribeMessage answered, a template at most once. */
  results: { templateId: string; result: 'accept' | 'reject' | 'ban' | 'filter' }[]
}

/**
 * Counts what the member allowed: each `accept` is one more message, as WeChat counts it; anything else changes
 * nothing, and a template that is not (or no longer) ours is passed over. @throws SESSION_NEEDED, REQUEST_REUSED
 */
export function allowMessages(
  ctx: Ctx,
  input: AllowInput,
): Promise<{ templates: { key: string; remaining: number }[] }> {
  const memberId = memberIdOf(ctx)
  const accepted = input.results.filter(({ result }) => result === 'accept')
  const keys = new Set(accepted.map(({ templateId }) => findTemplateKey(ctx, templateId)).filter((key) => key !== null))
  return once(ctx, commandOf(ctx, 'outbox.allow', input), async (tx) => {
    // in one order everywhere, so that two phones of a member do not wait for each other
    for (const template of [...keys].sort())
      await tx.sql('outbox_allow', { memberId, template, count: 1, at: tx.now() })
    const { templates } = await listTemplates(tx)
    return { templates: templates.map(({ key, remaining }) => ({ key, remaining })) }
  })
}
