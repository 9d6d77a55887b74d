import { type Ctx, memberIdOf } from '../ctx'
import { TEMPLATES } from './templates'

export interface AllowedMessage {
  key: string
  title: string
  remaining: number
}

/** The messages that the member still allows, how many of each. */
export async function listMessages(ctx: Ctx): Promise<AllowedMessage[]> {
  const rows = await ctx.db.messageConsent.findMany({
    where: { memberId: memberIdOf(ctx), remaining: { gt: 0 } },
    orderBy: { template: 'asc' },
    select: { template: true, remaining: true },
  })
  return rows.map(({ template, remaining }) => ({
    key: template,
    title: (Object.hasOwn(TEMPLATES, template) ? TEMPLATES[template]?.title : undefined) ?? '服务消息',
    remaining,
  }))
}

/** The member takes back, here, what was allowed of one kind of message. One that nothing is known of changes nothing. */
export const dropAllowance = (tx: Ctx, memberId: string, template: string): Promise<unknown> =>
  tx.sql('outbox_forbid', { memberId, template, at: tx.now() })
