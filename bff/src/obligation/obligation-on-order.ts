import type { Policy } from '@huiyuan/shared/policy'
import { endOfMonthAfter } from '@huiyuan/shared/time'
import type { Events, SqlCall } from '../ctx'

/** A purchase is a step of what counts purchases. */
export const obligationOnOrderSettled = (
  { memberId, orderId, amountFen, at }: Events['order.settled'],
  { expiryMonths }: Policy,
): SqlCall[] => [
  {
    fn: 'obligation_count',
    args: {
      memberId,
      counts: 'order',
      sourceId: orderId,
      amountFen,
      at,
      expiresAt: endOfMonthAfter(at, expiryMonths),
    },
  },
]

/** A purchase that came back was no step, unless enough of it was kept. */
export const obligationOnOrderReturned = ({ memberId, orderId, at }: Events['order.returned']): SqlCall[] => [
  { fn: 'obligation_retract', args: { memberId, counts: 'order', sourceId: orderId, at } },
]
