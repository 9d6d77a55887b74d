import { returnableUntil } from '@huiyuan/shared/order'
import { tierTermsOf } from '@huiyuan/shared/tier'
import { alongOf, type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { readOrderRef } from './order-ref'

export interface ReturnedOrder {
  orderNo: string
  refundedFen: number
  /** What the member gave back of the points, and what is owed now. */
  points: { pending: number; available: number; debt: number }
  growth: number
  coupon: { title: string; returned: boolean } | null
  packet: { title: string; state: 'voided' | 'used' } | null
  tierBefore: number
  tierAfter: number
}

/**
 * Takes a whole purchase back: points, growth, coupon, packet and tier, in one statement. Any number of returns of one
 * order have one effect (I-P4). An order of another store is returned while its customer stands here with a live code.
 * @throws NOT_FOUND, RETURN_DONE, RETURN_OVER, VISIT_UNKNOWN, VISIT_OVER, CODE_NEEDED, STAFF_NEEDED, REQUEST_REUSED
 */
export async function returnOrder(
  ctx: Ctx,
  staff: AtWork,
  { requestId, orderRef }: { requestId: string; orderRef: string },
): Promise<ReturnedOrder> {
  // the reference is sealed afresh each time it is handed out; the order's id is what was asked for
  const { memberId: named, orderId, visitId } = readOrderRef(ctx.keys, orderRef)
  const asked = { requestId, orderId }
  const request = commandOf(ctx, 'order.return', asked)
  return twiceWhenBusy(async (again) => {
    const at = ctx.now()
    const memberId = again ? await survivingId(ctx.db, named) : named
    const order = await ctx.db.order.findUnique({
      where: { memberId_orderId: { memberId, orderId } },
      select: { settledAt: true },
    })
    return ctx.sql<ReturnedOrder>('order_return', {
      request,
      staffId: staff.memberId,
      memberId,
      orderId,
      visitId,
      until: order && returnableUntil(order.settledAt, ctx.policy),
      at,
      ...tierTermsOf(ctx.policy),
      along: alongOf(ctx, 'order.returned', { memberId, orderId, at }),
    })
  })
}
