import type { Events, SqlCall } from '../ctx'

/** An order that came back, to the last of it, gives its coupon back and takes its packet along. */
export const couponOnOrderReturned = ({ memberId, orderId, at }: Events['order.returned']): SqlCall[] => [
  { fn: 'coupon_return', args: { memberId, orderId, at } },
]
