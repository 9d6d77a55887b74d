import { returnableUntil } from '@huiyuan/shared/order'
import { tierTermsOf } from '@huiyuan/shared/tier'
import { businessDaysAfter, endOfBusinessDay } from '@huiyuan/shared/time'
import { alongOf, type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { readOrderRef } from './order-ref'

export interface ReturnedOrder {
  orderNo: string
  /** With this return, with all of them so far, and what could still come back; in fen. */
  refundedFen: number
  refundedTotalFen: number
  leftFen: number
  /** What the member gave back of the points, and what is owed now. */
  points: { pending: number; available: number; debt: number }
  growth: number
  /** Points that had paid: back in their lots; and those whose end had passed. */
  pointsBack: number
  pointsEnded: number
  /** With the last of it. */
  coupons: { title: string; returned: boolean }[]
  packet: { title: string; state: 'voided' | 'used' } | null
  tierBefore: number
  tierAfter: number
}

export interface Returning {
  requestId: string
  orderRef: string
  /** An amount, or articles by their lines; neither for all that is left. */
  refundFen?: number | undefined
  lines?: { lineNo: number; qty: number }[] | undefined
}

/**
 * Takes a purchase back, all that is left of it, `refundFen` or `lines` of it: points earned and paid with and growth by the share
 * of the amount, the tier with them; coupons, rights and packet with the last of it. Any number of returns give back what was paid, once (I-P4). An order of
 * another store is returned while its customer stands here with a live code.
 * @throws NOT_FOUND, RETURN_DONE, RETURN_OVER, RETURN_TOO_MUCH, RETURN_LINE, VISIT_UNKNOWN, VISIT_OVER, CODE_NEEDED, STAFF_NEEDED, REQUEST_REUSED
 */
export async function returnOrder(
  ctx: Ctx,
  staff: AtWork,
  { requestId, orderRef, refundFen, lines }: Returning,
): Promise<ReturnedOrder> {
  // the reference is sealed afresh each time it is handed out; the order's id is what was asked for
  const { memberId: named, orderId, visitId } = readOrderRef(ctx.keys, orderRef)
  const asked = { requestId, orderId, ...(refundFen === undefined ? {} : { refundFen }), ...(lines ? { lines } : {}) }
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
      keyId: staff.keyId,
      memberId,
      orderId,
      visitId,
      refundFen,
      lines,
      until: order && returnableUntil(order.settledAt, ctx.policy),
      at,
      graceUntil: endOfBusinessDay(businessDaysAfter(at, ctx.policy.graceDays)),
      ...tierTermsOf(ctx.policy),
      along: alongOf(ctx, 'order.returned', { memberId, orderId, at }),
    })
  })
}
