/**
 * Six steps, reached by growth within the window. A member goes up at once, keeps a reached tier to the end of
 * its validity, and can always read in numbers what lifts and what keeps.
 */
import type { Policy, TierRung } from './policy'
import { businessDay, businessDaysAfter, daysUntil, endOfMonthAfter, monthsBefore } from './time'

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

/** What a review of a tier needs to be told of the programme. */
export interface TierTerms {
  ladder: { tier: number; name: string; atGrowth: number }[]
  windowMonths: number
  warnDays: number
}

/** The policy as the database's functions take it. */
export const tierTermsOf = (policy: Policy): TierTerms => ({
  ladder: ladder(policy).map(({ tier, name, atGrowth }) => ({ tier, name, atGrowth })),
  windowMonths: policy.growthWindowMonths,
  warnDays: policy.tierWarnDays,
})

/** The first instant whose growth still counts at `at`: the beginning of the same calendar day one window before. */
export const growthCountsFrom = (at: Date, policy: Policy): Date => monthsBefore(at, policy.growthWindowMonths)

/**
 * When growth earned at `at` no longer counts. It counts through the whole of the same calendar day one window later and
 * leaves at 00:00 after it; what was earned on a month's last day stays to that month's last day.
 */
export function growthLeavesAt(at: Date, policy: Policy): Date {
  const monthEnd = endOfMonthAfter(at, policy.growthWindowMonths)
  if (businessDay(businessDaysAfter(at, 1)).day === 1) return new Date(monthEnd.getTime() + 1)
  const monthStart = new Date(endOfMonthAfter(at, policy.growthWindowMonths - 1).getTime() + 1)
  return businessDaysAfter(monthStart, Math.min(businessDay(at).day, businessDay(monthEnd).day))
}

const WARNING_HOUR_MS = 10 * 3_600_000

/** A tier's end is warned of at ten in the morning, so many days before; nobody is woken for it. */
export const warnTierAt = (validUntil: Date, policy: Policy): Date =>
  new Date(businessDaysAfter(validUntil, -policy.tierWarnDays).getTime() + WARNING_HOUR_MS)

/** Within the days before its end in which a tier is warned of. */
export const isTierEnding = (validUntil: Date, now: Date, policy: Policy): boolean =>
  now < validUntil && daysUntil(validUntil, now) <= policy.tierWarnDays

/** The rung one step below; null on the lowest. */
export function landingOf(tier: number, policy: Policy): TierRung | null {
  const held = rungOf(tier, policy)
  const below = ladder(policy).filter((rung) => rung.atGrowth < held.atGrowth)
  return below[below.length - 1] ?? null
}

export interface HeldTier {
  tier: number
  validUntil: Date
  /** The end that was warned of. */
  warnedOf: Date | null
}

export interface TierReview extends HeldTier {
  outcome: 'kept' | 'landed' | 'warned' | 'nothing'
}

/**
 * What a review finds. At the end of its validity a tier is kept when the growth suffices, else it lands one step lower,
 * however little growth there is; either way the next end is a window later, and never in the past, so that a review that
 * comes late costs one step as well. Before the end it warns, once.
 * @param growth what still counts on the tier's last day
 */
export function reviewOf({
  growth,
  now,
  policy,
  ...held
}: HeldTier & { growth: number; now: Date; policy: Policy }): TierReview {
  const rung = rungOf(held.tier, policy)
  const landing = landingOf(held.tier, policy)
  if (!landing) return { ...held, outcome: 'nothing' }
  if (held.validUntil < now) {
    const kept = growth >= rung.atGrowth
    const validUntil = endAfter(held.validUntil, now, policy)
    return { tier: kept ? held.tier : landing.tier, validUntil, warnedOf: null, outcome: kept ? 'kept' : 'landed' }
  }
  const warned = held.warnedOf?.getTime() === held.validUntil.getTime()
  if (warned || growth >= rung.atGrowth || now < warnTierAt(held.validUntil, policy))
    return { ...held, outcome: 'nothing' }
  return { ...held, warnedOf: held.validUntil, outcome: 'warned' }
}

/** The first end in the tier's own rhythm that is not over. */
function endAfter(validUntil: Date, now: Date, policy: Policy): Date {
  let next = validUntil
  do next = endOfMonthAfter(next, policy.growthWindowMonths)
  while (next < now)
  return next
}

/** When there is next something to look at; null when nothing will ever change by itself. */
export function nextReviewAt({
  growth,
  oldestGrowthAt,
  policy,
  ...held
}: HeldTier & { growth: number; oldestGrowthAt: Date | null; policy: Policy }): Date | null {
  const moments: Date[] = oldestGrowthAt ? [growthLeavesAt(oldestGrowthAt, policy)] : []
  if (landingOf(held.tier, policy)) {
    moments.push(new Date(held.validUntil.getTime() + 1))
    const warned = held.warnedOf?.getTime() === held.validUntil.getTime()
    if (!warned && growth < rungOf(held.tier, policy).atGrowth) moments.push(warnTierAt(held.validUntil, policy))
  }
  return moments.length > 0 ? new Date(Math.min(...moments.map(Number))) : null
}
