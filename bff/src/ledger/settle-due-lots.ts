import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'

export interface LotsSettled {
  /** Members looked after in this batch. */
  members: number
  /** Points that became spendable, and points that ended. */
  matured: number
  expired: number
  /** Members whose lots could not be settled now; a later run finds them again. */
  failed: number
}

/**
 * Brings the lots of up to `batch` members up to date: pending ones whose day has come become spendable, ended ones go.
 * Safe to run twice and on several workers; a repetition finds nothing due.
 */
export async function settleDueLots(ctx: Ctx, { batch }: { batch: number }): Promise<LotsSettled> {
  const at = ctx.now()
  const done = { matured: 0, expired: 0 }
  const { found, failed } = await eachDue(ctx, {
    batch,
    find: (limit, except) => ctx.db.$queryRaw<{ memberId: string }[]>`
      (SELECT member_id AS "memberId" FROM lot WHERE state = 'pending' AND remaining > 0 AND active_at <= ${at}
          AND member_id <> ALL (${except}::uuid[]) ORDER BY active_at LIMIT ${limit})
      UNION
      (SELECT member_id FROM lot WHERE remaining > 0 AND expires_at < ${at}
          AND member_id <> ALL (${except}::uuid[]) ORDER BY expires_at LIMIT ${limit})
      LIMIT ${limit}`,
    idOf: ({ memberId }) => memberId,
    work: async ({ memberId }) => {
      const settled = await ctx.sql<{ matured: number; expired: number }>('ledger_settle_lots', { memberId, at })
      done.matured += settled.matured
      done.expired += settled.expired
    },
    nameOf: ({ memberId }) => ({ memberId }),
    failed: 'lots were not settled',
  })
  return { ...done, members: found, failed }
}
