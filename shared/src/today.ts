/**
 * What is worth doing today: the few things a person would be sorry to miss, the most useful first. Which and in what
 * order is decided here; the home screen only shows them.
 */
import { obligationRewardWords } from './obligation'
import type { Policy } from './policy'
import { growthToKeep, isTierEnding } from './tier'
import { DAY_MS, daysUntil } from './time'

/** One thing worth doing today; times are ISO strings. */
export type TodayItem =
  | { kind: 'gift_open'; giftId: string; title: string; claimBy: string }
  | { kind: 'claim_card'; claimId: string; points: number }
  | { kind: 'pickup_ready'; redemptionId: string; title: string; pickupBy: string }
  | { kind: 'points_expiring'; points: number; expiresAt: string }
  | { kind: 'coupon_expiring'; title: string; expiresAt: string; count: number }
  | { kind: 'right_unlocked'; title: string; count: number }
  | { kind: 'tier_ending'; tier: number; endsAt: string; needGrowth: number }
  | { kind: 'obligation_near'; obligationId: string; title: string; left: number; rewardWords: string }
  | { kind: 'reward_released'; points: number; friend: string }
  | { kind: 'first_code' }
  | { kind: 'points_maturing'; points: number; activeAt: string }
  | { kind: 'add_phone' }

export interface TodayFacts {
  gift: { giftId: string; title: string; claimBy: Date } | null
  claim: { claimId: string; points: number } | null
  /** What lies ready at the counter. */
  pickups: { redemptionId: string; title: string; pickupBy: Date }[]
  /** Rights that the tier held now has brought, and since when. */
  unlocked: { titles: string[]; since: Date }
  /** `countsAtEnd`: growth that still counts on the tier's last day; null while that is far. */
  standing: { tier: number; validUntil: Date; countsAtEnd: number | null }
  lots: { state: 'pending' | 'active'; remaining: number; activeAt: Date; expiresAt: Date }[]
  /** What can be used. */
  coupons: { title: string; expiresAt: Date }[]
  /** What was taken up and is not done. */
  undertaken: {
    obligationId: string
    title: string
    target: number
    progress: number
    endsAt: Date
    rewardPoints: number
    honourName: string | null
  }[]
  /** Rewards for friends that were paid, with the friend's masked name. */
  released: { points: number; friend: string; at: Date }[]
  phones: number
  devices: number
}

/** A coupon is told so many days before its end; most live a week or a month. */
export const COUPON_SOON_DAYS = 3
/** So many steps before its goal an obligation is near. */
const NEAR_STEPS = 2
const RELEASED_NEWS_DAYS = 3
/** So many days a right is new. */
const RIGHT_NEWS_DAYS = 3
const AT_MOST = 3

/** At most three things, the most useful first. */
export function todayOf(facts: TodayFacts, now: Date, policy: Policy): TodayItem[] {
  const ending = [...expiringPoints(facts, now, policy), ...expiringCoupons(facts, now)]
  const items: TodayItem[] = [
    ...gift(facts, now),
    ...(facts.claim ? [{ kind: 'claim_card' as const, claimId: facts.claim.claimId, points: facts.claim.points }] : []),
    ...pickup(facts, now),
    ...ending.sort((a, b) => (a.expiresAt < b.expiresAt ? -1 : a.expiresAt > b.expiresAt ? 1 : 0)),
    ...unlocked(facts, now),
    ...tierEnding(facts, now, policy),
    ...nearGoal(facts, now),
    ...released(facts, now),
    ...(facts.devices === 0 ? [{ kind: 'first_code' as const }] : []),
    ...maturing(facts),
    ...(facts.phones === 0 ? [{ kind: 'add_phone' as const }] : []),
  ]
  return items.slice(0, AT_MOST)
}

const bySoonest =
  <T>(when: (one: T) => Date) =>
  (a: T, b: T) =>
    when(a).getTime() - when(b).getTime()

function gift({ gift: open }: TodayFacts, now: Date): TodayItem[] {
  if (!open || open.claimBy <= now) return []
  return [{ kind: 'gift_open', giftId: open.giftId, title: open.title, claimBy: open.claimBy.toISOString() }]
}

function pickup({ pickups }: TodayFacts, now: Date): TodayItem[] {
  const [first] = pickups.filter(({ pickupBy }) => pickupBy > now).sort(bySoonest(({ pickupBy }) => pickupBy))
  if (!first) return []
  const { redemptionId, title, pickupBy } = first
  return [{ kind: 'pickup_ready', redemptionId, title, pickupBy: pickupBy.toISOString() }]
}

/** Points that end soon, those of the nearest end taken together. */
function expiringPoints({ lots }: TodayFacts, now: Date, policy: Policy) {
  const soon = lots
    .filter(({ state, expiresAt }) => state === 'active' && expiresAt > now)
    .filter(({ expiresAt }) => expiresAt.getTime() - now.getTime() <= policy.expiringSoonDays * DAY_MS)
    .sort(bySoonest(({ expiresAt }) => expiresAt))
  const [first] = soon
  if (!first) return []
  const points = sumOf(soon.filter(({ expiresAt }) => +expiresAt === +first.expiresAt))
  return [{ kind: 'points_expiring' as const, points, expiresAt: first.expiresAt.toISOString() }]
}

/** The coupon that ends first, and how many end on its day. */
function expiringCoupons({ coupons }: TodayFacts, now: Date) {
  const soon = coupons
    .filter(({ expiresAt }) => expiresAt > now && daysUntil(expiresAt, now) <= COUPON_SOON_DAYS)
    .sort(bySoonest(({ expiresAt }) => expiresAt))
  const [first] = soon
  if (!first) return []
  const { title, expiresAt } = first
  const count = soon.filter((one) => daysUntil(one.expiresAt, now) === daysUntil(expiresAt, now)).length
  return [{ kind: 'coupon_expiring' as const, title, expiresAt: expiresAt.toISOString(), count }]
}

function unlocked({ unlocked: { titles, since } }: TodayFacts, now: Date): TodayItem[] {
  const [title] = titles
  if (title === undefined || daysUntil(now, since) > RIGHT_NEWS_DAYS) return []
  return [{ kind: 'right_unlocked', title, count: titles.length }]
}

/** A tier that ends soon, as long as growth is missing to keep it. */
function tierEnding({ standing }: TodayFacts, now: Date, policy: Policy): TodayItem[] {
  const { tier, validUntil, countsAtEnd } = standing
  const needGrowth = countsAtEnd === null ? null : growthToKeep(tier, countsAtEnd, policy)
  if (!needGrowth || !isTierEnding(validUntil, now, policy)) return []
  return [{ kind: 'tier_ending', tier, endsAt: validUntil.toISOString(), needGrowth }]
}

function nearGoal({ undertaken }: TodayFacts, now: Date): TodayItem[] {
  const [first] = undertaken
    .map((one) => ({ ...one, left: one.target - one.progress }))
    .filter(({ left, endsAt }) => left > 0 && left <= NEAR_STEPS && endsAt > now)
    .sort((a, b) => a.left - b.left || a.endsAt.getTime() - b.endsAt.getTime())
  if (!first) return []
  const { obligationId, title, left, rewardPoints, honourName } = first
  const rewardWords = obligationRewardWords(rewardPoints, honourName)
  return [{ kind: 'obligation_near', obligationId, title, left, rewardWords }]
}

function released({ released: paid }: TodayFacts, now: Date): TodayItem[] {
  const [latest] = paid
    .filter(({ at }) => at <= now && now.getTime() - at.getTime() < RELEASED_NEWS_DAYS * DAY_MS)
    .sort((a, b) => b.at.getTime() - a.at.getTime())
  return latest ? [{ kind: 'reward_released', points: latest.points, friend: latest.friend }] : []
}

function maturing({ lots }: TodayFacts): TodayItem[] {
  const pending = lots.filter(({ state }) => state === 'pending').sort(bySoonest(({ activeAt }) => activeAt))
  const [first] = pending
  if (!first) return []
  const points = sumOf(pending.filter(({ activeAt }) => +activeAt === +first.activeAt))
  return [{ kind: 'points_maturing', points, activeAt: first.activeAt.toISOString() }]
}

const sumOf = (lots: { remaining: number }[]) => lots.reduce((sum, { remaining }) => sum + remaining, 0)
