import type { Events, SqlCall } from '../ctx'

export const webhookOnOrderSettled = ({ memberId, orderId, at }: Events['order.settled']): SqlCall[] => [
  { fn: 'webhook_put', args: { event: 'order.settled', memberId, orderId, at } },
]

export const webhookOnOrderReturned = ({ memberId, orderId, at }: Events['order.returned']): SqlCall[] => [
  { fn: 'webhook_put', args: { event: 'order.returned', memberId, orderId, at } },
]
