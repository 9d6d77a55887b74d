import type { Events, SqlCall } from '../ctx'

/** A first purchase that is taken back, or too much of it, takes the reward along. */
export const referralOnOrderReturned = ({ memberId, orderId, at }: Events['order.returned']): SqlCall[] => [
  { fn: 'referral_on_return', args: { memberId, orderId, at } },
]
