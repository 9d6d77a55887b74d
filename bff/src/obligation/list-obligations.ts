import { type Ctx, memberIdOf } from '../ctx'
import { type ObligationRow, regainFromOf, type ShownObligation, shownObligation } from './obligation-facts'

/** What the database reads of one member's obligations. */
export interface ObligationRows {
  obligations: ObligationRow[]
}

/** What can be done for the brand, and what this member has done of it. */
export async function listObligations(ctx: Ctx): Promise<{ honours: []; obligations: ShownObligation[] }> {
  const now = ctx.now()
  const { obligations } = await ctx.sql<ObligationRows>('obligation_list', {
    memberId: memberIdOf(ctx),
    at: now,
    regainFrom: regainFromOf(now, ctx.policy),
  })
  // honours have a page and a procedure of their own; a phone that was not updated yet lays this list out
  return { honours: [], obligations: obligations.map((row) => shownObligation(ctx, row)) }
}
