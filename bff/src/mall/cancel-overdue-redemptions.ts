import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'
import { graceUntil } from './cancel-redemption'

export interface OverdueCancelled {
  /** How many were found overdue in this batch. */
  found: number
  cancelled: number
  /** Those that could not be cancelled now; a later run finds them again. */
  failed: number
}

/**
 * Cancels up to `batch` redemptions that nobody picked up in time; points go back. Safe to run twice and on several
 * workers: each is cancelled by its own statement, which looks again.
 */
export async function cancelOverdueRedemptions(ctx: Ctx, { batch }: { batch: number }): Promise<OverdueCancelled> {
  const at = ctx.now()
  const done = { cancelled: 0 }
  const { found, failed } = await eachDue(ctx, {
    batch,
    find: (take, except) =>
      ctx.db.redemption.findMany({
        where: { state: 'ready', pickupBy: { lt: at }, redemptionId: { notIn: except } },
        orderBy: { pickupBy: 'asc' },
        take,
        select: { memberId: true, redemptionId: true },
      }),
    idOf: ({ redemptionId }) => redemptionId,
    work: async (one) => {
      const call = { ...one, at, graceUntil: graceUntil(ctx) }
      const { cancelled } = await ctx.sql<{ cancelled: boolean }>('mall_cancel_overdue', call)
      if (cancelled) done.cancelled++
    },
    nameOf: ({ memberId }) => ({ memberId }),
    failed: 'a redemption was not cancelled',
  })
  return { ...done, found, failed }
}

/** A used code is told from a wrong one for a day; then it is forgotten. */
export const forgetPickupCodes = async (ctx: Ctx): Promise<number> => {
  const before = new Date(ctx.now().getTime() - DAY_MS)
  return (await ctx.sql<{ forgotten: number }>('mall_forget_codes', { before })).forgotten
}
