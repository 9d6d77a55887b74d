import type { CampaignKind } from '@huiyuan/shared/campaign'
import type { Ctx } from '../ctx'

const PAGE = 20

type Terms = Record<string, unknown>

interface Body {
  /** Null for the first. */
  was?: Terms | null
  terms?: Terms
  reason?: string
}

export interface Change {
  field: string
  was: string | null
  is: string | null
}

/**
 * Who saved or stopped it, when, and what was changed, the newest first; `next` goes on behind it.
 * What was there before this was written down has no entries.
 */
export async function listHistory(
  ctx: Ctx,
  { kind, campaignId, before }: { kind: CampaignKind; campaignId: string; before?: number | undefined },
) {
  const rows = await ctx.db.campaignRevision.findMany({
    where: { kind, campaignId, ...(before === undefined ? {} : { revision: { lt: before } }) },
    orderBy: { revision: 'desc' },
    take: PAGE + 1,
  })
  const shown = rows.slice(0, PAGE)
  const staff = await ctx.db.staff.findMany({
    where: { memberId: { in: shown.map(({ byId }) => byId) } },
    select: { memberId: true, staffNo: true },
  })
  const numbers = new Map(staff.map(({ memberId, staffNo }) => [memberId, staffNo]))
  return {
    entries: shown.map(({ revision, deed, body, at, byId }) => {
      const { was, terms, reason } = body as Body
      return {
        revision,
        deed: deed as 'saved' | 'stopped',
        at: at.toISOString(),
        staffNo: numbers.get(byId) ?? null,
        first: deed === 'saved' && !was,
        reason: reason ?? null,
        changes: was && terms ? changesOf(was, terms) : [],
      }
    }),
    next: rows.length > PAGE ? (shown[shown.length - 1]?.revision ?? null) : null,
  }
}

const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)

const changesOf = (was: Terms, is: Terms): Change[] =>
  Object.keys(is)
    .filter((field) => JSON.stringify(was[field]) !== JSON.stringify(is[field]))
    .map((field) => ({ field, was: textOf(was[field]), is: textOf(is[field]) }))
