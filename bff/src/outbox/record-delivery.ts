import type { Ctx } from '../ctx'
import { findTemplateKey } from './templates'

export interface Delivery {
  memberId: string
  templateId: unknown
  at: Date
  delivered: boolean
  /** WeChat's words for it, e.g. `success`. */
  status: string
}

/** Notes how a delivery went. A message whose sending had an unknown outcome is settled by a success. */
export async function recordDelivery(
  ctx: Ctx,
  { memberId, templateId, at, delivered, status }: Delivery,
): Promise<void> {
  const template = findTemplateKey(ctx, templateId)
  if (template) await ctx.sql('outbox_delivery', { memberId, template, at, delivered, outcome: `delivery: ${status}` })
}
