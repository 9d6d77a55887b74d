import type { Ctx } from '../ctx'
import type { AtWork } from '../staff'
import { getVisit } from '../visit'

export interface WaitingRedemption {
  title: string
  art: string
  /** A service is used here, everything else is handed over. */
  kind: 'pickup' | 'service'
  pieceNo: number | null
  pickupBy: string
  state: 'placed' | 'ready'
}

/**
 * What waits for the customer at the counter, the first to end first. Nothing for a visit without a code: it may earn only,
 * and what somebody has waiting is their own business. @throws VISIT_UNKNOWN, VISIT_OVER
 */
export async function listWaiting(
  ctx: Ctx,
  staff: AtWork,
  input: { visitId: string; memberRef: string },
): Promise<{ redemptions: WaitingRedemption[] }> {
  const { memberId, method } = await getVisit(ctx, staff, input)
  if (method !== 'code') return { redemptions: [] }
  const rows = await ctx.db.redemption.findMany({
    where: { memberId, state: { in: ['placed', 'ready'] } },
    orderBy: [{ pickupBy: 'asc' }, { redemptionId: 'asc' }],
    take: 50,
    select: { rewardId: true, title: true, pieceNo: true, pickupBy: true, state: true },
  })
  const rewards = await ctx.db.reward.findMany({
    where: { rewardId: { in: [...new Set(rows.map(({ rewardId }) => rewardId))] } },
    select: { rewardId: true, art: true, kind: true },
  })
  const rewardOf = new Map(rewards.map((reward) => [reward.rewardId, reward]))
  return {
    redemptions: rows.map(({ rewardId, title, pieceNo, pickupBy, state }) => ({
      title,
      art: rewardOf.get(rewardId)?.art ?? 'cup',
      kind: rewardOf.get(rewardId)?.kind === 'service' ? 'service' : 'pickup',
      pieceNo,
      pickupBy: pickupBy.toISOString(),
      state: state as WaitingRedemption['state'],
    })),
  }
}
