import { isAwardable, type OfflineClash } from '@huiyuan/shared/offline'
import type { Ctx } from '../ctx'
import type { AtWork } from '../staff'

const MOST = 100

/**
 * What tills of the own store sold without a network and nobody has decided yet, the newest first. Of a code that was used
 * before it says when and where, since that is what tells one purchase rung up twice from two.
 */
export async function listClashes(ctx: Ctx, staff: AtWork) {
  const rows = await ctx.db.offlineOrder.findMany({
    where: { storeId: staff.storeId, state: 'clash' },
    orderBy: [{ receivedAt: 'desc' }, { tillId: 'asc' }, { sequence: 'desc' }],
    take: MOST + 1,
  })
  const shown = rows.slice(0, MOST)
  const [tablets, uses] = await Promise.all([
    ctx.db.tablet.findMany({
      where: { tabletId: { in: shown.map(({ sourceId }) => sourceId) } },
      select: { tabletId: true, label: true },
    }),
    usesOf(ctx, staff, shown),
  ])
  const labels = new Map(tablets.map(({ tabletId, label }) => [tabletId, label]))
  return {
    more: rows.length > MOST,
    clashes: shown.map((row) => ({
      tillId: row.tillId,
      sequence: Number(row.sequence),
      /** Null for a till system. */
      tabletLabel: labels.get(row.sourceId) ?? null,
      amountFen: row.amountFen,
      soldAt: row.soldAt.toISOString(),
      receivedAt: row.receivedAt.toISOString(),
      clash: row.clash as OfflineClash,
      awardable: row.handle !== null && isAwardable(row.clash as OfflineClash),
      usedBefore: row.clash === 'code_used' ? (uses.get(`${row.handle}.${row.step}`) ?? null) : null,
    })),
  }
}

/** The visits that used these codes. Another store's amount is none of this one's business. */
async function usesOf(
  ctx: Ctx,
  staff: AtWork,
  rows: { handle: string | null; step: bigint | null; clash: string | null }[],
) {
  const codes = rows.flatMap(({ handle, step, clash }) =>
    handle && step !== null && clash === 'code_used' ? [{ handle, step }] : [],
  )
  if (codes.length === 0) return new Map<string, { at: string; storeName: string; amountFen: number | null }>()
  const visits = await ctx.db.visit.findMany({
    where: { OR: codes },
    select: { visitId: true, memberId: true, storeId: true, handle: true, step: true, openedAt: true },
  })
  const [stores, orders] = await Promise.all([
    ctx.db.store.findMany({
      where: { storeId: { in: visits.map(({ storeId }) => storeId) } },
      select: { storeId: true, name: true },
    }),
    ctx.db.order.findMany({
      where: {
        storeId: staff.storeId,
        memberId: { in: visits.map(({ memberId }) => memberId) },
        visitId: { in: visits.map(({ visitId }) => visitId) },
      },
      select: { visitId: true, amountFen: true },
    }),
  ])
  const names = new Map(stores.map(({ storeId, name }) => [storeId, name]))
  const paid = new Map(orders.map(({ visitId, amountFen }) => [visitId, amountFen]))
  return new Map(
    visits.map(({ visitId, storeId, handle, step, openedAt }) => [
      `${handle}.${step}`,
      { at: openedAt.toISOString(), storeName: names.get(storeId) ?? '', amountFen: paid.get(visitId) ?? null },
    ]),
  )
}
