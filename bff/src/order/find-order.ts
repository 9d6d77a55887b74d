import { endOfBusinessDay, startOfBusinessDay } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'
import { orderRefOf } from './order-ref'

export interface FoundOrder {
  /** For a return; sealed, since a till cannot read whose order it is. */
  orderRef: string
  orderNo: string
  tillId: string
  channel: string
  state: 'settled' | 'returned'
  fullFen: number
  amountFen: number
  refundedFen: number
  points: number
  pointsUsed: number
  settledAt: string
  /** Empty where an amount was taken as it was. */
  lines: {
    lineNo: number
    sku: string | null
    title: string
    qty: number
    fullFen: number
    payableFen: number
    returnedQty: number
  }[]
}

/** An order of the own store by the number on its slip. @throws NOT_FOUND, also for an order of another store */
export async function findOrder(ctx: Ctx, { storeId }: AtWork, orderNo: string): Promise<FoundOrder> {
  const row = await ctx.db.order.findFirst({
    where: { storeId, orderNo, settledAt: dayOf(orderNo) },
    select: {
      memberId: true,
      orderId: true,
      orderNo: true,
      tillId: true,
      channel: true,
      state: true,
      fullFen: true,
      amountFen: true,
      refundedFen: true,
      points: true,
      pointsUsed: true,
      settledAt: true,
    },
  })
  if (!row) return refuse('NOT_FOUND', { noun: 'order' })
  const { memberId, orderId, state, settledAt, ...order } = row
  const lines = await ctx.db.orderLine.findMany({
    where: { memberId, orderId },
    orderBy: { lineNo: 'asc' },
    select: { lineNo: true, sku: true, title: true, qty: true, fullFen: true, payableFen: true, returnedQty: true },
  })
  return {
    orderRef: orderRefOf(ctx.keys, { memberId, orderId, visitId: null }),
    ...order,
    state: state as FoundOrder['state'],
    settledAt: settledAt.toISOString(),
    lines,
  }
}

/** A number begins with its business day, so that an order is found without an index over all numbers. @throws NOT_FOUND */
function dayOf(orderNo: string) {
  const [, year, month, day] = /^(\d\d)(\d\d)(\d\d)-/.exec(orderNo) ?? []
  const noon = new Date(`20${year}-${month}-${day}T12:00:00+08:00`)
  if (Number.isNaN(noon.getTime())) return refuse('NOT_FOUND', { noun: 'order' })
  return { gte: startOfBusinessDay(noon), lte: endOfBusinessDay(noon) }
}
