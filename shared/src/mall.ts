/**
 * The points mall: who may exchange what, from when on, and until when it waits at the counter. The phone greys out with
 * the same fault that the server would refuse with.
 */
import { type Fault, fault } from './faults'
import { businessDaysAfter } from './time'

const HOUR_MS = 3_600_000

/** When a reward can be exchanged. */
export interface RewardWindow {
  publicAt: Date
  /** Members from this tier on come so many hours earlier. */
  earlyTier: number | null
  earlyHours: number | null
  endsAt: Date | null
}

export interface RewardFacts extends RewardWindow {
  points: number
  tierGate: number
  perPersonLimit: number | null
  /** Null without limit. */
  left: number | null
  /** How many this member has exchanged and not cancelled. */
  takenByMe: number
}

/** What a member brings. */
export interface Shopper {
  tier: number
  points: number
  debtPoints: number
}

/** From when on a member of this tier may exchange the reward. */
export const opensFor = ({ publicAt, earlyTier, earlyHours }: RewardWindow, tier: number): Date =>
  earlyTier !== null && tier >= earlyTier
    ? new Date(publicAt.getTime() - (earlyHours ?? 0) * HOUR_MS)
    : new Date(publicAt.getTime())

/** Why this member cannot exchange the reward now; null when nothing stands in the way. */
export function rewardRefusal(reward: RewardFacts, { tier, points, debtPoints }: Shopper, now: Date): Fault | null {
  if (reward.endsAt && reward.endsAt <= now) return fault('REWARD_OVER')
  const opensAt = opensFor(reward, tier)
  if (opensAt > now) return fault('REWARD_NOT_OPEN', { opensAt: opensAt.toISOString() })
  if (tier < reward.tierGate) return fault('TIER_NEEDED', { tier: reward.tierGate })
  const { perPersonLimit: limit } = reward
  if (limit !== null && reward.takenByMe >= limit) return fault('REWARD_LIMIT', { limit })
  if (reward.left === 0) return fault('REWARD_GONE')
  if (debtPoints > 0) return fault('IN_DEBT', { debtPoints })
  if (points < reward.points) return fault('POINTS_SHORT', { shortPoints: reward.points - points })
  return null
}

/** The last millisecond of the business day, `days` after the one it is ready on. */
export const pickupByOf = (readyAt: Date, days: number): Date =>
  new Date(businessDaysAfter(readyAt, days + 1).getTime() - 1)

export type RedemptionState = 'placed' | 'ready' | 'done' | 'cancelled'

/** A member takes an exchange back until it is in their hands; what came out of a gift cost nothing. */
export const mayCancel = ({ origin, state }: { origin: 'mall' | 'gift'; state: RedemptionState }): boolean =>
  origin === 'mall' && (state === 'placed' || state === 'ready')
