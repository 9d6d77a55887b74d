import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { readRewards } from './list-rewards'
import type { ShownReward } from './shown-reward'

interface Wanted {
  rewardId: string
}

/** One reward as everybody sees it, wherever on the shelf it stands. @throws NOT_FOUND */
export async function showRewardInWindow(ctx: Ctx, { rewardId }: Wanted): Promise<{ reward: ShownReward }> {
  const { rewards } = await readRewards(ctx, { memberId: null, limit: 1, rewardId })
  return { reward: onlyOne(rewards) }
}

/** One reward for a member, and what there is to pay for it. @throws NOT_FOUND SESSION_OVER */
export async function showReward(
  ctx: Ctx,
  { rewardId }: Wanted,
): Promise<{ reward: ShownReward; points: number; debtPoints: number; tier: number }> {
  const { account, tier, rewards } = await readRewards(ctx, { memberId: memberIdOf(ctx), limit: 1, rewardId })
  // a record that was merged away meanwhile, as for the shelf
  if (!account || tier === null) return refuse('SESSION_OVER')
  return { ...account, tier, reward: onlyOne(rewards) }
}

const onlyOne = ([reward]: ShownReward[]): ShownReward => reward ?? refuse('NOT_FOUND', { noun: 'reward' })
