import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'

export interface HoldsReleased {
  /** Members looked after in this batch. */
  members: number
  /** Holds that were given up. */
  released: number
  /** Members whose holds could not be released now; a later run finds them again. */
  failed: number
}

/**
 * Gives up the holds of up to `batch` members whose time is over, and their coupons come back. Safe to run twice and on
 * several workers; a repetition finds nothing due.
 */
export async function releaseDueHolds(ctx: Ctx, { batch }: { batch: number }): Promise<HoldsReleased> {
  const at = ctx.now()
  const done = { released: 0 }
  const { found, failed } = await eachDue(ctx, {
    batch,
    find: async (take, except) => {
      const due = await ctx.db.orderHold.findMany({
        where: { state: 'live', expiresAt: { lte: at }, memberId: { notIn: except } },
        orderBy: { expiresAt: 'asc' },
        take,
        select: { memberId: true },
      })
      return [...new Set(due.map(({ memberId }) => memberId))]
    },
    idOf: (memberId) => memberId,
    work: async (memberId) => {
      done.released += (await ctx.sql<{ released: number }>('order_release_due', { memberId, at })).released
    },
    nameOf: (memberId) => ({ memberId }),
    failed: 'holds were not released',
  })
  return { ...done, members: found, failed }
}
