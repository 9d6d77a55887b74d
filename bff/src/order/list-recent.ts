import type { Fault } from '@huiyuan/shared/faults'
import { returnRefusal } from '@huiyuan/shared/order'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'
import { getVisit } from '../visit'
import { type BoughtLine, boughtLines } from './bought-lines'
import { orderRefOf } from './order-ref'

const RECENT = 10

export interface RecentOrder {
  orderRef: string
  orderNo: string
  settledAt: string
  storeName: string
  fullFen: number
  amountFen: number
  /** What of the amount has come back so far. */
  refundedFen: number
  points: number
  /** Points that paid a part of it. */
  pointsUsed: number
  /** Empty where an amount was taken as it was. */
  lines: BoughtLine[]
  state: 'settled' | 'returned'
  /** Why this clerk cannot take it back now. */
  refusal: Fault | null
}

/**
 * The last purchases, in any store, of a member who stands here with a live code.
 * @throws VISIT_UNKNOWN, VISIT_OVER, CODE_NEEDED
 */
export async function listRecent(
  ctx: Ctx,
  staff: AtWork & { role: 'clerk' | 'manager' | 'operator' },
  of: { visitId: string; memberRef: string },
): Promise<{ orders: RecentOrder[] }> {
  const { memberId, visitId, method } = await getVisit(ctx, staff, of)
  if (method !== 'code') return refuse('CODE_NEEDED')
  const rows = await ctx.db.order.findMany({
    where: { memberId },
    orderBy: [{ settledAt: 'desc' }, { orderId: 'desc' }],
    take: RECENT,
    select: {
      orderId: true,
      orderNo: true,
      storeId: true,
      settledAt: true,
      fullFen: true,
      amountFen: true,
      refundedFen: true,
      points: true,
      pointsUsed: true,
      state: true,
    },
  })
  const [stores, linesOf] = await Promise.all([
    ctx.db.store.findMany({
      where: { storeId: { in: [...new Set(rows.map(({ storeId }) => storeId))] } },
      select: { storeId: true, name: true },
    }),
    boughtLines(
      ctx,
      rows.map(({ orderId }) => ({ memberId, orderId })),
    ),
  ])
  const names = new Map(stores.map(({ storeId, name }) => [storeId, name]))
  return {
    orders: rows.map(({ orderId, storeId, settledAt, state, ...order }) => ({
      ...order,
      orderRef: orderRefOf(ctx.keys, { memberId, orderId, visitId }),
      settledAt: settledAt.toISOString(),
      storeName: names.get(storeId) ?? storeId,
      lines: linesOf(orderId),
      state: state as RecentOrder['state'],
      refusal: returnRefusal({ state, settledAt }, staff.role, ctx.now(), ctx.policy),
    })),
  }
}
