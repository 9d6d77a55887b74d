import { type Ctx, memberIdOf } from '../ctx'
import { type ObligationRow, regainFromOf, type ShownObligation, shownObligation } from './obligation-facts'

interface HonourRow {
  honourId: string
  name: string
  mark: string
  words: string
  grantedAt: string | null
  expiresAt: string | null
}

/** What the database reads of one member's obligations. */
export interface ObligationRows {
  obligations: ObligationRow[]
  honours: HonourRow[]
}

interface ShownHonour {
  honourId: string
  name: string
  mark: string
  words: string
  held: boolean
  until: string | null
}

/** What can be done for the brand, what this member has done of it, and the honours; an ended term is worn no more. */
export async function listObligations(ctx: Ctx): Promise<{ honours: ShownHonour[]; obligations: ShownObligation[] }> {
  const now = ctx.now()
  const { obligations, honours } = await ctx.sql<ObligationRows>('obligation_list', {
    memberId: memberIdOf(ctx),
    at: now,
    regainFrom: regainFromOf(now, ctx.policy),
  })
  return {
    honours: honours.map(({ honourId, name, mark, words, grantedAt, expiresAt }) => {
      const until = expiresAt === null ? null : new Date(expiresAt)
      const held = grantedAt !== null && (until === null || until >= now)
      return { honourId, name, mark, words, held, until: held ? (until?.toISOString() ?? null) : null }
    }),
    obligations: obligations.map((row) => shownObligation(ctx, row)),
  }
}
