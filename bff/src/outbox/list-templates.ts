import { type Ctx, memberIdOf } from '../ctx'
import { TEMPLATES } from './templates'

export interface AllowedTemplate {
  key: string
  /** WeChat's id, which the phone asks the member about. */
  templateId: string
  title: string
  /** How many messages the member still allows. */
  remaining: number
}

/** The messages this brand can send, and how many of each the member allows. */
export async function listTemplates(ctx: Ctx): Promise<{ templates: AllowedTemplate[] }> {
  const memberId = memberIdOf(ctx)
  const consents = await ctx.db.messageConsent.findMany({
    where: { memberId },
    select: { template: true, remaining: true },
  })
  const remaining = new Map(consents.map((consent) => [consent.template, consent.remaining]))
  const templates = Object.entries(TEMPLATES).flatMap(([key, { title }]) => {
    const templateId = ctx.templates[key]
    return templateId ? [{ key, templateId, title, remaining: remaining.get(key) ?? 0 }] : []
  })
  return { templates }
}
