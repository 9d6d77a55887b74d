import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import { type RedemptionRow, type ShownRedemption, shownRedemption } from './shown-redemption'

export interface Exchanged {
  redemption: ShownRedemption
  pointsAfter: number
}

/**
 * Exchanges points for a reward at the price that was shown. The statement itself asks the rules of shared/mall, since only
 * there nothing can change any more: points and piece are taken together or not at all (I-M1, I-M2), and
 * who comes before the public uses a right of early access once (I-R1).
 * @throws POINTS_SHORT, IN_DEBT, REWARD_GONE, REWARD_LIMIT, TIER_NEEDED, REWARD_NOT_OPEN, RIGHT_USED_UP,
 *   REWARD_OVER, REWARD_CHANGED, NOT_FOUND
 */
export async function exchangeReward(
  ctx: Ctx,
  input: { requestId: string; rewardId: string; points: number },
): Promise<Exchanged> {
  const at = ctx.now()
  const own = memberIdOf(ctx)
  const call = {
    request: commandOf(ctx, 'mall.exchange', input),
    redemptionId: uuidv7({ msecs: at.getTime() }),
    rewardId: input.rewardId,
    points: input.points,
    at,
  }
  const { redemption, pointsAfter } = await twiceWhenBusy(async (again) => {
    const memberId = again ? await survivingId(ctx.db, own) : own
    return ctx.sql<{ redemption: RedemptionRow; pointsAfter: number }>('mall_exchange', { ...call, memberId })
  })
  return { redemption: shownRedemption(ctx.keys, redemption), pointsAfter }
}
