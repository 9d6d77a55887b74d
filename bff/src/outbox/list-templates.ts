import { type Ctx, memberIdOf } from '../ctx'
import { findApp } from '../wechat'
import { TEMPLATES, templateIdIn } from './templates'

export interface AllowedTemplate {
  key: string
  /** WeChat's id, which the phone asks the member about. */
  templateId: string
  title: string
  /** How many messages the member still allows. */
  remaining: number
}

/**
 * The messages this brand can send through a mini-program, the main one where none is named, and how many of each the member
 * allows. An app that is not the brand's has none.
 */
export async function listTemplates(
  ctx: Ctx,
  { appid }: { appid?: string | undefined } = {},
): Promise<{ templates: AllowedTemplate[] }> {
  const memberId = memberIdOf(ctx)
  const app = findApp(ctx, 'weapp', appid)
  if (!app) return { templates: [] }
  const consents = await ctx.db.messageConsent.findMany({
    where: { memberId },
    select: { template: true, remaining: true },
  })
  const remaining = new Map(consents.map((consent) => [consent.template, consent.remaining]))
  const templates = Object.entries(TEMPLATES).flatMap(([key, { title }]) => {
    const templateId = templateIdIn(ctx, app.appid, key)
    return templateId ? [{ key, templateId, title, remaining: remaining.get(key) ?? 0 }] : []
  })
  return { templates }
}
