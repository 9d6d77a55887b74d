import type { Ctx } from '../ctx'
import { findTemplateKey } from './templates'

/** The member took back, in WeChat's own settings, what was allowed of one template. Unknown ids change nothing. */
export async function forbidMessages(ctx: Ctx, memberId: string, templateId: unknown): Promise<void> {
  const template = findTemplateKey(ctx, templateId)
  if (template) await ctx.sql('outbox_forbid', { memberId, template, at: ctx.now() })
}
