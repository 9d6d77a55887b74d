import type { ObligationState } from '@huiyuan/shared/obligation'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import {
  type InstanceRow,
  type ObligationRow,
  regainFromOf,
  type ShownObligation,
  shownObligation,
} from './obligation-facts'
import type { ShownSubmission } from './submission-facts'

/** What was done for it in a day, week or month before. */
export interface EarlierUndertaking {
  /** `2026-11-22`, `2026-W47`, `2026-11` */
  periodKey: string
  state: ObligationState
  progress: number
  pointsGiven: number
  reason: string | null
  finishedAt: string | null
  submission: ShownSubmission | null
}

/** A purchase that can be named in a hand-in. */
export interface NamedPurchase {
  orderId: string
  storeName: string
  amountFen: number
  settledAt: string
  /** What was bought, where it was rung up by articles. */
  articles: string[]
}

interface Shown {
  obligation: ObligationRow
  earlier: InstanceRow[]
  purchases: NamedPurchase[]
}

/** One obligation in full: as it stands, what was done before, and which purchases it can be about. @throws NOT_FOUND */
export async function showObligation(
  ctx: Ctx,
  { obligationId }: { obligationId: string },
): Promise<{ obligation: ShownObligation; earlier: EarlierUndertaking[]; purchases: NamedPurchase[] }> {
  const now = ctx.now()
  const regainFrom = regainFromOf(now, ctx.policy)
  const asked = { memberId: memberIdOf(ctx), obligationId, at: now, regainFrom }
  const shown = await ctx.sql<Shown | null>('obligation_show', asked)
  if (!shown) return refuse('NOT_FOUND', { noun: 'obligation' })
  const asOf = (row: InstanceRow) => shownObligation(ctx, { ...shown.obligation, ...row })
  return {
    obligation: shownObligation(ctx, shown.obligation),
    earlier: shown.earlier.map((row) => {
      const { state, progress, pointsGiven, reason, finishedAt, submission } = asOf(row)
      return { periodKey: row.periodKey ?? '', state, progress, pointsGiven, reason, finishedAt, submission }
    }),
    purchases: shown.purchases.map((one) => ({ ...one, settledAt: new Date(one.settledAt).toISOString() })),
  }
}
