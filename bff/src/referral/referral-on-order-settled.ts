import type { Events, SqlCall } from '../ctx'

/** A friend's first purchase holds the reward of whoever brought them. */
export const referralOnOrderSettled = ({ memberId, orderId, amountFen, at }: Events['order.settled']): SqlCall[] => [
  { fn: 'referral_on_order', args: { memberId, orderId, amountFen, at } },
]
