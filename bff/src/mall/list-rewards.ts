import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { ownRights, type RightFacts, type RightJson } from '../right'
import { type RewardRow, type ShownReward, shownReward } from './shown-reward'

/** What `mall_list` reads: the shelf, and what decides it for one reader. */
interface MallRows {
  account: { points: number; debtPoints: number } | null
  tier: number | null
  rights: RightJson[]
  own: RightFacts
  rewards: RewardRow[]
}

export interface Shelf {
  rewards: ShownReward[]
  /** There are more than a page shows; the search finds them. */
  more: boolean
}

/** At most so many on one page. */
const PAGE = 60

/** Reads up to `limit` rewards as this member sees them, or as a guest does; with words or an id only what they find. */
export async function readRewards(
  ctx: Ctx,
  { memberId, limit, ...only }: { memberId: string | null; limit: number; words?: string[]; rewardId?: string },
): Promise<Shelf & { account: MallRows['account']; tier: number | null }> {
  const at = ctx.now()
  const call = { memberId, at, limit: limit + 1, ...only }
  const { account, tier, rights, own, rewards } = await ctx.sql<MallRows>('mall_list', call)
  const mine = ownRights(rights, tier ?? 0, own, at)
  const me = account && tier !== null ? { tier, ...account } : null
  return {
    account,
    tier,
    rewards: rewards.slice(0, limit).map((row) => shownReward(row, mine, me, at)),
    more: rewards.length > limit,
  }
}

/** The shelf as everybody sees it. */
export async function showWindow(ctx: Ctx): Promise<Shelf> {
  const { rewards, more } = await readRewards(ctx, { memberId: null, limit: PAGE })
  return { rewards, more }
}

/** The shelf for a member: what can be exchanged now, and what stands in the way of the rest. @throws SESSION_OVER */
export async function listRewards(ctx: Ctx): Promise<Shelf & { points: number; debtPoints: number; tier: number }> {
  const { account, tier, ...shelf } = await readRewards(ctx, { memberId: memberIdOf(ctx), limit: PAGE })
  // a record that was merged away meanwhile: its session is told so by the next call
  if (!account || tier === null) return refuse('SESSION_OVER')
  return { ...account, tier, ...shelf }
}
