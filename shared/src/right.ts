/**
 * Rights: what a member may have beyond points. A right is data: who has it, when, how often within a period. Every right of
 * the programme has a state for everybody, so that nobody wonders what there would be.
 */
import { businessDay, businessDaysAfter, dayText, endOfMonthAfter } from './time'

export type RightPeriod = 'day' | 'month' | 'year' | 'once'

/** A right as the programme writes it down. */
export interface RightRow {
  rightId: string
  /** Comes before the public. */
  kind: 'early_access'
  title: string
  words: string
  /** Members from this tier on have it; null when only an honour brings it. */
  tierFrom: number | null
  honourId: string | null
  /** How often within a period; null without limit, and then without a period. */
  quota: number | null
  period: RightPeriod | null
  /** At most so many hours before the public. */
  hours: number
  startsAt: Date
  endsAt: Date | null
}

/** Who asks. Guests stand below the first tier. */
export interface RightHolder {
  tier: number
  /** Honours that are worn now. */
  honours: readonly string[]
  /** right → period key → how often used */
  uses: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export interface OwnRight extends RightRow {
  state: 'available' | 'used_up' | 'locked'
  /** How often it can still be used now; null without limit. 0 while locked or used up. */
  left: number | null
  /** When a used-up right can be used again; null for never, and for rights that are not used up. */
  backAt: Date | null
  /** What would unlock a locked one: either of the two. */
  unlock: { tier: number | null; honourId: string | null } | null
}

/** Under which key a use is counted. What has no limit is counted once for all. */
export function periodKeyOf(period: RightPeriod | null, now: Date): string {
  const day = dayText(now)
  const keys: Record<RightPeriod, string> = { day, month: day.slice(0, 7), year: day.slice(0, 4), once: 'once' }
  return keys[period ?? 'once']
}

/** When the next period begins, by the brand's calendar; null when there is none. */
export function nextPeriodAt(period: RightPeriod | null, now: Date): Date | null {
  switch (period) {
    case 'day':
      return businessDaysAfter(now, 1)
    case 'month':
      return new Date(endOfMonthAfter(now, 0).getTime() + 1)
    case 'year':
      return new Date(endOfMonthAfter(now, 12 - businessDay(now).month).getTime() + 1)
    default:
      return null
  }
}

/** Every right that runs now, in the order given, with what it is to this person. */
export const rightsOf = (rights: readonly RightRow[], who: RightHolder, now: Date): OwnRight[] =>
  rights
    .filter(({ startsAt, endsAt }) => startsAt <= now && (endsAt === null || endsAt > now))
    .map((right) => ({ ...right, ...stateOf(right, who, now) }))

function stateOf(
  { rightId, tierFrom, honourId, quota, period }: RightRow,
  { tier, honours, uses }: RightHolder,
  now: Date,
): Pick<OwnRight, 'state' | 'left' | 'backAt' | 'unlock'> {
  const held = (tierFrom !== null && tier >= tierFrom) || (honourId !== null && honours.includes(honourId))
  if (!held) return { state: 'locked', left: 0, backAt: null, unlock: { tier: tierFrom, honourId } }
  const used = uses[rightId]?.[periodKeyOf(period, now)] ?? 0
  // a merge may have added up more than the quota: that leaves nothing, and never less
  const left = quota === null ? null : Math.max(0, quota - used)
  if (left === 0) return { state: 'used_up', left, backAt: nextPeriodAt(period, now), unlock: null }
  return { state: 'available', left, backAt: null, unlock: null }
}
