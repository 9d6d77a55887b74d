/**
 * Six steps, reached by growth within the window. A member goes up at once, keeps a reached tier to the end of
 * its validity, and can always read in numbers what lifts and what keeps.
 */
import type { Policy, TierRung } from './policy'
import { endOfMonthAfter } from './time'

/** Lowest first. */
const ladder = (policy: Policy): TierRung[] => [...policy.tiers].sort((a, b) => a.atGrowth - b.atGrowth)

/** The highest rung that this much growth reaches. */
export function tierAt(growth: number, policy: Policy): TierRung {
  const rungs = ladder(policy)
  return (rungs.filter((rung) => rung.atGrowth <= growth).pop() ?? rungs[0]) as TierRung
}

/** The rung of a tier number; a number off the ladder (an older policy) falls to the lowest. */
export const rungOf = (tier: number, policy: Policy): TierRung =>
  policy.tiers.find((rung) => rung.tier === tier) ?? (ladder(policy)[0] as TierRung)

export interface NextTier {
  tier: number
  needGrowth: number
  atGrowth: number
  /** Growth at which the present tier began; the ring is drawn from here. */
  fromGrowth: number
}

/** What lifts: the next rung above the tier held, or null at the top. */
export function nextTier(tier: number, growth: number, policy: Policy): NextTier | null {
  const held = rungOf(tier, policy)
  const next = ladder(policy).find((rung) => rung.atGrowth > held.atGrowth)
  if (!next) return null
  return {
    tier: next.tier,
    needGrowth: Math.max(0, next.atGrowth - growth),
    atGrowth: next.atGrowth,
    fromGrowth: held.atGrowth,
  }
}

/** A tier reached at `at` is safe to the end of the same month one window later. */
export const tierValidUntil = (at: Date, policy: Policy): Date => endOfMonthAfter(at, policy.growthWindowMonths)

/** What keeps the tier: growth still missing to its own threshold; null on the lowest rung, which nobody loses. */
export function growthToKeep(tier: number, growth: number, policy: Policy): number | null {
  const held = rungOf(tier, policy)
  return held.atGrowth === 0 ? null : Math.max(0, held.atGrowth - growth)
}
