import { type Ctx, memberIdOf } from '../ctx'
import { type AdjustmentRow, type ShownAdjustment, shownAdjustments } from './shown-adjustment'

/**
 * Corrections of the whole brand: what waits, the longest waiting first, or what is over, the last proposed first.
 * `cursor` is the last one seen.
 */
export async function listAdjustments(
  ctx: Ctx,
  { state, cursor, limit = 20 }: { state: 'waiting' | 'over'; cursor?: string | undefined; limit?: number | undefined },
): Promise<{ adjustments: ShownAdjustment[]; nextCursor: string | null; waiting: number }> {
  const waits = state === 'waiting'
  const [rows, waiting] = await Promise.all([
    ctx.db.adjustment.findMany({
      where: {
        state: waits ? 'waiting' : { in: ['done', 'refused'] },
        ...(cursor ? { adjustmentId: waits ? { gt: cursor } : { lt: cursor } } : {}),
      },
      // the ids are in the order of time
      orderBy: { adjustmentId: waits ? 'asc' : 'desc' },
      take: limit + 1,
    }),
    ctx.db.adjustment.count({ where: { state: 'waiting' } }),
  ])
  const page = rows.slice(0, limit).map(
    (row): AdjustmentRow => ({
      ...row,
      reason: row.reason as AdjustmentRow['reason'],
      state: row.state as AdjustmentRow['state'],
      proposedAt: row.proposedAt.toISOString(),
      decidedAt: row.decidedAt?.toISOString() ?? null,
    }),
  )
  return {
    adjustments: await shownAdjustments(ctx, memberIdOf(ctx), page),
    nextCursor: rows.length > limit ? (page.at(-1)?.adjustmentId ?? null) : null,
    waiting,
  }
}
