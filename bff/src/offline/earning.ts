import { earningOf } from '@huiyuan/shared/ledger'
import { tierTermsOf, tierValidUntil } from '@huiyuan/shared/tier'
import { v7 as uuidv7 } from 'uuid'
import { alongOf, type Ctx } from '../ctx'
import { drawOrderNo } from '../order'

/**
 * What an entry earns, as offline_settle wants it: granted now, since the ledger is written in the order of time, while the
 * points ripen and end by the day of the sale, as if there had been a network. A sale that a manager awards although its day
 * cannot be, since it is still to come or its points would have ended, counts as one of now.
 */
export function offlineEarning(ctx: Ctx, memberId: string, amountFen: number, soldAt: Date) {
  const at = ctx.now()
  const then = earningOf(amountFen, soldAt, ctx.policy)
  const possible = soldAt <= at && then.expiresAt > at
  const { points, growth, activeAt, expiresAt } = possible ? then : earningOf(amountFen, at, ctx.policy)
  const orderId = uuidv7({ msecs: at.getTime() })
  return {
    memberId,
    visitId: uuidv7({ msecs: at.getTime() }),
    orderId,
    // an order is found by the day in its number, which is that of the books
    orderNo: drawOrderNo(at),
    points,
    growth,
    activeAt,
    expiresAt,
    validUntil: tierValidUntil(at, ctx.policy),
    ...tierTermsOf(ctx.policy),
    along: alongOf(ctx, 'order.settled', { memberId, orderId, amountFen, points, growth, activeAt, at }),
  }
}
