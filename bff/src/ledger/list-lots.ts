import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { type Ctx, memberIdOf } from '../ctx'
import type { Db } from '../db'

/** Points that are still there, lot by lot, the earliest to end first. */
export async function listLots(ctx: Ctx) {
  const rows = await liveLots(ctx.db, memberIdOf(ctx), 200)
  const now = ctx.now()
  return {
    lots: rows.map((row) => ({
      lotId: row.lotId,
      remaining: row.remaining,
      earned: row.earned,
      activeAt: row.activeAt.toISOString(),
      expiresAt: row.expiresAt.toISOString(),
      state: row.state as 'pending' | 'active',
      words: [
        `${countText(row.remaining)} 积分`,
        ...(row.state === 'pending' ? [`${dayWords(row.activeAt, now)}生效`] : []),
        `${dayWords(row.expiresAt, now)}到期`,
      ].join(' · '),
    })),
  }
}

/** Lots with something left, in the order in which they are spent. */
export const liveLots = (db: Db, memberId: string, take: number) =>
  db.lot.findMany({
    where: { memberId, remaining: { gt: 0 } },
    orderBy: [{ expiresAt: 'asc' }, { lotId: 'asc' }],
    take,
    select: { lotId: true, state: true, earned: true, remaining: true, activeAt: true, expiresAt: true },
  })
