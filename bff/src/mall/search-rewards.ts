import { searchWords } from '@huiyuan/shared/mall'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import { readRewards } from './list-rewards'
import type { ShownReward } from './shown-reward'

const MOST = 30

/**
 * Up to thirty rewards whose title, subtitle or keywords hold every word, titles first; full and half width, upper and lower
 * case are one. A member sees what stands in the way, a guest the window. @throws SESSION_OVER
 */
export async function searchRewards(ctx: Ctx, { text }: { text: string }): Promise<{ rewards: ShownReward[] }> {
  const words = searchWords(text)
  if (words.length === 0) return { rewards: [] }
  const memberId = ctx.actor.kind === 'member' ? ctx.actor.memberId : null
  const { account, rewards } = await readRewards(ctx, { memberId, limit: MOST, words })
  // a record that was merged away meanwhile, as for the shelf
  if (memberId !== null && !account) return refuse('SESSION_OVER')
  return { rewards }
}
