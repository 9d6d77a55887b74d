import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'

/**
 * Removes, of up to `batch` people who left longer ago than the law asks for trade records, what is left beside the books. Safe to
 * run twice and on several workers.
 */
export async function purgeTradeRecords(ctx: Ctx, { batch }: { batch: number }) {
  const before = yearsBefore(ctx.now(), ctx.policy.tradeRecordYears)
  const done = { purged: 0 }
  const { found, failed } = await eachDue(ctx, {
    batch,
    find: (take, except) =>
      ctx.db.cancellation.findMany({
        where: { state: 'done', endedAt: { lt: before }, memberId: { notIn: except } },
        orderBy: { endedAt: 'asc' },
        take,
        select: { memberId: true },
      }),
    idOf: ({ memberId }) => memberId,
    work: async ({ memberId }) => {
      const { purged } = await ctx.sql<{ purged: boolean }>('cancellation_purge', { memberId, before })
      if (purged) done.purged++
    },
    nameOf: ({ memberId }) => ({ memberId }),
    failed: 'trade records were not purged',
  })
  return { ...done, found, failed }
}

function yearsBefore(at: Date, years: number): Date {
  const before = new Date(at)
  before.setUTCFullYear(before.getUTCFullYear() - years)
  return before
}
