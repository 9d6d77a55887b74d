import type { Events, SqlCall } from '../ctx'
import type { PointsArrived } from './templates'

/** A purchase that earned points is told to the member who allows it. */
export function outboxOnOrderSettled({
  memberId,
  points,
  amountFen,
  activeAt,
  at,
}: Events['order.settled']): SqlCall[] {
  if (points === 0) return []
  const payload: PointsArrived = { points, amountFen, activeAt, at }
  return [{ fn: 'outbox_put', args: { memberId, template: 'points_arrived', payload, at, ifAllowed: true } }]
}
