import type { Fault } from '@huiyuan/shared/faults'
import { opensFor, rewardRefusal, type Shopper } from '@huiyuan/shared/mall'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'

interface Reward {
  rewardId: string
  title: string
  subtitle: string
  /** Which of the brand's drawings shows it. */
  art: string
  kind: 'pickup' | 'coupon'
  points: number
  /** What it costs in the shop; null where it is not sold. */
  marketFen: number | null
  tierGate: number
  perPersonLimit: number | null
  stockTotal: number | null
  left: number | null
  numbered: boolean
  publicAt: string
  earlyTier: number | null
  endsAt: string | null
  prepareHours: number
  pickupDays: number
  rules: string
  takenByMe: number
}

interface RewardRow extends Reward {
  earlyHours: number | null
}

export interface ShownReward extends Reward {
  /** From when on this reader may exchange it. */
  opensForMeAt: string
  /** Why this reader cannot exchange it now; null for guests, too. */
  refusal: Fault | null
}

interface MallRows {
  account: { points: number; debtPoints: number } | null
  tier: number | null
  rewards: RewardRow[]
}

/** The shelf as everybody sees it. */
export async function showWindow(ctx: Ctx): Promise<{ rewards: ShownReward[] }> {
  const at = ctx.now()
  const { rewards } = await ctx.sql<MallRows>('mall_list', { at })
  return { rewards: rewards.map((row) => shownReward(row, null, at)) }
}

/** The shelf for a member: what can be exchanged now, and what stands in the way of the rest. */
export async function listRewards(
  ctx: Ctx,
): Promise<{ points: number; debtPoints: number; tier: number; rewards: ShownReward[] }> {
  const at = ctx.now()
  const { account, tier, rewards } = await ctx.sql<MallRows>('mall_list', { memberId: memberIdOf(ctx), at })
  // a record that was merged away meanwhile: its session is told so by the next call
  if (!account || tier === null) return refuse('SESSION_OVER')
  const me: Shopper = { tier, ...account }
  return { ...account, tier, rewards: rewards.map((row) => shownReward(row, me, at)) }
}

function shownReward({ earlyHours, ...reward }: RewardRow, me: Shopper | null, now: Date): ShownReward {
  const facts = {
    ...reward,
    earlyHours,
    publicAt: new Date(reward.publicAt),
    endsAt: reward.endsAt ? new Date(reward.endsAt) : null,
  }
  const opensAt = me ? opensFor(facts, me.tier) : facts.publicAt
  return { ...reward, opensForMeAt: opensAt.toISOString(), refusal: me ? rewardRefusal(facts, me, now) : null }
}
