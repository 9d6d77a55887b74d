import { type Ctx, memberIdOf } from '../ctx'
import { listMessages } from '../outbox'

export interface ConsentsView {
  /** What was agreed to, the newest first; times in ISO. */
  agreements: { document: string; version: string; grantedAt: string; withdrawnAt: string | null }[]
  /** Whether what is shown may be chosen by what is known of the member. */
  personalOffers: boolean
  /** How many more messages of each kind the member allows; those of which none is allowed are left out. */
  messages: { key: string; title: string; remaining: number }[]
}

export const PERSONAL_OFFERS = 'personal_offers'

/** Everything that the member has agreed to. */
export async function listConsents(ctx: Ctx): Promise<ConsentsView> {
  const memberId = memberIdOf(ctx)
  const [rows, messages] = await Promise.all([
    ctx.db.consent.findMany({ where: { memberId }, orderBy: { grantedAt: 'desc' } }),
    listMessages(ctx),
  ])
  return {
    agreements: rows
      .filter(({ document }) => document !== PERSONAL_OFFERS)
      .map(({ document, version, grantedAt, withdrawnAt }) => ({
        document,
        version,
        grantedAt: grantedAt.toISOString(),
        withdrawnAt: withdrawnAt?.toISOString() ?? null,
      })),
    personalOffers: !rows.some(({ document, withdrawnAt }) => document === PERSONAL_OFFERS && withdrawnAt !== null),
    messages,
  }
}
