import type { Policy } from '@huiyuan/shared/policy'
import type { Events, SqlCall } from '../ctx'

/** A paid order is thanked with the brand's packet, once per order. */
export function couponOnOrderSettled(
  { memberId, orderId, amountFen, at }: Events['order.settled'],
  { packet }: Policy,
): SqlCall[] {
  if (!packet || amountFen < packet.minOrderFen) return []
  return [
    { fn: 'coupon_grant', args: { memberId, templateId: packet.templateId, at, kind: 'order', sourceId: orderId } },
  ]
}
