import { earningOf } from '@huiyuan/shared/ledger'
import { isRingUpAmount } from '@huiyuan/shared/money'
import { quoteWords } from '@huiyuan/shared/order'
import { tierAt } from '@huiyuan/shared/tier'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'
import { getVisit } from '../visit'

/**
 * What an amount would earn in this visit, in numbers and words; reserves and writes nothing.
 * @throws AMOUNT_INVALID, VISIT_UNKNOWN, VISIT_OVER
 */
export async function previewOrder(
  ctx: Ctx,
  staff: AtWork,
  { amountFen, ...of }: { visitId: string; memberRef: string; amountFen: number },
) {
  if (!isRingUpAmount(amountFen)) return refuse('AMOUNT_INVALID')
  const { memberId } = await getVisit(ctx, staff, of)
  const [account, standing] = await Promise.all([
    ctx.db.account.findUniqueOrThrow({ where: { memberId }, select: { growth: true } }),
    ctx.db.standing.findUniqueOrThrow({ where: { memberId }, select: { tier: true } }),
  ])
  const earning = earningOf(amountFen, ctx.now(), ctx.policy)
  const growthAfter = account.growth + earning.growth
  const tierAfter = Math.max(standing.tier, tierAt(growthAfter, ctx.policy).tier)
  return {
    amountFen,
    payableFen: amountFen,
    points: earning.points,
    growth: earning.growth,
    activeAt: earning.activeAt.toISOString(),
    tierAfter,
    words: quoteWords({ earning, growthAfter, tierBefore: standing.tier, tierAfter }, ctx.now(), ctx.policy),
  }
}
