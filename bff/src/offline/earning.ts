import { earningOf } from '@huiyuan/shared/ledger'
import { tierTermsOf, tierValidUntil } from '@huiyuan/shared/tier'
import { v7 as uuidv7 } from 'uuid'
import { alongOf, type Ctx } from '../ctx'
import { drawOrderNo } from '../order'

/**
 * What an entry earns, as offline_settle wants it: granted now, since the ledger is written in the order of time, while the
 * points ripen and end by the day of the sale, as if there had been a network.
 */
export function offlineEarning(ctx: Ctx, memberId: string, amountFen: number, soldAt: Date) {
  const at = ctx.now()
  const { points, growth, activeAt, expiresAt } = earningOf(amountFen, soldAt, ctx.policy)
  const orderId = uuidv7({ msecs: at.getTime() })
  return {
    memberId,
    visitId: uuidv7({ msecs: at.getTime() }),
    orderId,
    orderNo: drawOrderNo(soldAt),
    points,
    growth,
    activeAt,
    expiresAt,
    validUntil: tierValidUntil(at, ctx.policy),
    ...tierTermsOf(ctx.policy),
    along: alongOf(ctx, 'order.settled', { memberId, orderId, amountFen, points, growth, activeAt, at }),
  }
}
