/**
 * Rights: what a member may have beyond points. A right is data: who has it, when, how often within a period. Every right of
 * the programme has a state for everybody, so that nobody wonders what there would be.
 */
import type { MemberPrice, RepurchaseDiscount, TierDiscount, VolumeDiscount } from './price-rule'
import { businessDay, businessDaysAfter, dayText, endOfMonthAfter, weekdayOf } from './time'

export type RightPeriod = 'day' | 'month' | 'year' | 'once'

/** What each kind of right is good for, in its own numbers. Hours come before the public; percents of 100. */
export interface RightPayloads {
  member_price: MemberPrice['payload']
  tier_discount: TierDiscount['payload']
  volume_discount: VolumeDiscount['payload']
  repurchase_discount: RepurchaseDiscount['payload']
  /** 150 earns one and a half times the points; on these days of the week only, 1 for Monday. */
  points_multiplier: { percent: number; weekdays?: readonly number[] | undefined }
  early_access: { hours: number }
  limited_edition: { rewardId: string }
  birthday_gift: { giftId: string }
  service_manager: { name: string; wechatId: string; phone: string; hours: string; words: string }
  free_service: { words: string }
  trial_pack: { giftId: string }
}

export type RightKind = keyof RightPayloads

interface RightBase {
  rightId: string
  title: string
  words: string
  /** Members from this tier on have it; null when only an honour or a gift brings it. */
  tierFrom: number | null
  honourId: string | null
  /** How often within a period; null without limit, and then without a period. */
  quota: number | null
  period: RightPeriod | null
  startsAt: Date
  endsAt: Date | null
}

/** A right as the programme writes it down: `kind` says what `payload` holds. */
export type RightRow<K extends RightKind = RightKind> = {
  [Kind in K]: RightBase & { kind: Kind; payload: RightPayloads[Kind] }
}[K]

/** Who asks. Guests stand below the first tier. */
export interface RightHolder {
  tier: number
  /** Honours that are worn now. */
  honours: readonly string[]
  /** Rights that gifts brought; without an end they stay. */
  grants: readonly { rightId: string; expiresAt: Date | null }[]
  /** right → period key → how often used */
  uses: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** What a right is to somebody. */
export interface RightState {
  state: 'available' | 'used_up' | 'locked'
  /** How often it can still be used now; null without limit. 0 while locked or used up. */
  left: number | null
  /** When a used-up right can be used again; null for never, and for rights that are not used up. */
  backAt: Date | null
  /** What would unlock a locked one: either of the two, or a gift where both are null. */
  unlock: { tier: number | null; honourId: string | null } | null
  /** What brings it; null while locked. */
  from: 'tier' | 'honour' | 'gift' | null
  /** From then on it is gone, with the right itself or with the gift that brought it; null without an end. */
  until: Date | null
}

export type OwnRight<K extends RightKind = RightKind> = RightRow<K> & RightState

/** Those of one kind. */
export const ofKind = <K extends RightKind>(rights: readonly OwnRight[], kind: K): OwnRight<K>[] =>
  rights.filter((right) => right.kind === kind) as OwnRight<K>[]

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

function stateOf(right: RightRow, who: RightHolder, now: Date): RightState {
  const { rightId, tierFrom, honourId, quota, period, endsAt } = right
  const held = heldBy(right, who, now)
  if (!held) {
    const unlock = { tier: tierFrom, honourId }
    return { state: 'locked', left: 0, backAt: null, unlock, from: null, until: endsAt }
  }
  const used = who.uses[rightId]?.[periodKeyOf(period, now)] ?? 0
  // a merge may have added up more than the quota: that leaves nothing, and never less
  const left = quota === null ? null : Math.max(0, quota - used)
  const standing = { left, unlock: null, ...held }
  if (left !== 0) return { ...standing, state: 'available', backAt: null }
  const back = nextPeriodAt(period, now)
  return { ...standing, state: 'used_up', backAt: back && (!held.until || back < held.until) ? back : null }
}

/** What brings the right, the most lasting first, and how long it lasts; null for who does not have it. */
function heldBy(
  { rightId, tierFrom, honourId, endsAt }: RightRow,
  { tier, honours, grants }: RightHolder,
  now: Date,
): Pick<RightState, 'from' | 'until'> | null {
  if (tierFrom !== null && tier >= tierFrom) return { from: 'tier', until: endsAt }
  if (honourId !== null && honours.includes(honourId)) return { from: 'honour', until: endsAt }
  const ends = grants
    .filter((grant) => grant.rightId === rightId)
    .map(({ expiresAt }) => expiresAt?.getTime() ?? Infinity)
  const last = Math.min(Math.max(...ends), endsAt?.getTime() ?? Infinity)
  // without a grant there is no last day at all
  if (last <= now.getTime()) return null
  return { from: 'gift', until: last === Infinity ? null : new Date(last) }
}

/** How many percent of the points a purchase earns by these rights; 100 where none says more. Several do not add up. */
export function earnPercentOf(rights: readonly OwnRight[], now: Date): number {
  const today = weekdayOf(now)
  const running = ofKind(rights, 'points_multiplier').filter(
    ({ state, payload }) => state === 'available' && (payload.weekdays?.includes(today) ?? true),
  )
  return Math.max(100, ...running.map(({ payload }) => payload.percent))
}
