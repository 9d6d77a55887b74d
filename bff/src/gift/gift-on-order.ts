import type { Events, SqlCall } from '../ctx'

/** Whether an order was paid with the follow-up of a trial pack; its coupons are used by then. */
export const giftOnOrderSettled = ({ memberId, orderId, at }: Events['order.settled']): SqlCall[] => [
  { fn: 'gift_on_order', args: { memberId, orderId, at } },
]

/** An order that came back whole is no conversion. */
export const giftOnOrderReturned = ({ orderId }: Events['order.returned']): SqlCall[] => [
  { fn: 'gift_on_return', args: { orderId } },
]
