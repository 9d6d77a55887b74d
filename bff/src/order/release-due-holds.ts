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
  const due = await ctx.db.orderHold.findMany({
    where: { state: 'live', expiresAt: { lte: at } },
    orderBy: { expiresAt: 'asc' },
    take: batch,
    select: { memberId: true },
  })
  const members = [...new Set(due.map(({ memberId }) => memberId))]
  const done: HoldsReleased = { members: members.length, released: 0, failed: 0 }
  done.failed = await eachDue(ctx, members, {
    work: async (memberId) => {
      done.released += (await ctx.sql<{ released: number }>('order_release_due', { memberId, at })).released
    },
    nameOf: (memberId) => ({ memberId }),
    failed: 'holds were not released',
  })
  return done
}
