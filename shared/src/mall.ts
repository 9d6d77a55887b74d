/**
 * The points mall: who may exchange what, from when on, and until when it waits at the counter. The phone greys out with
 * the same fault that the server would refuse with.
 */
import { type Fault, fault } from './faults'
import { type OwnRight, ofKind } from './right'
import { businessDaysAfter } from './time'

const HOUR_MS = 3_600_000

export type RewardKind = 'pickup' | 'service' | 'coupon' | 'partner_code'

/** When a reward can be exchanged. */
export interface RewardWindow {
  publicAt: Date
  /** Rights of early access let in at most so many hours before the public; null for nobody. */
  earlyHours: number | null
  endsAt: Date | null
}

/** Pieces that are kept for holders of a right of limited edition. */
export interface Reserve {
  rightId: string
  pieces: number
  /** From then on they are everybody's. */
  until: Date
}

export interface RewardFacts extends RewardWindow {
  points: number
  tierGate: number
  perPersonLimit: number | null
  /** All pieces that are left, kept ones too; null without limit. */
  left: number | null
  reserve: Reserve | null
  /** How many this member has exchanged and not cancelled. */
  takenByMe: number
}

/** What a member brings. */
export interface Shopper {
  tier: number
  points: number
  debtPoints: number
  rights: readonly OwnRight[]
}

type EarlyRight = OwnRight<'early_access'>

/** From when on a right of early access lets in, by the hours of both. */
const letsInAt = ({ publicAt, earlyHours }: RewardWindow, { payload }: EarlyRight): Date =>
  new Date(publicAt.getTime() - Math.min(payload.hours, earlyHours ?? 0) * HOUR_MS)

/** From when on this right can be used for the reward; null when it cannot before the public comes. */
function usableFrom(window: RewardWindow, right: EarlyRight): Date | null {
  if (window.earlyHours === null || right.state === 'locked') return null
  const opens = letsInAt(window, right)
  if (right.state === 'used_up' && right.backAt === null) return null
  const from = right.backAt && right.backAt > opens ? right.backAt : opens
  return from < window.publicAt && (right.until === null || from < right.until) ? from : null
}

/** From when on a member with these rights may exchange the reward. */
export const opensFor = (window: RewardWindow, rights: readonly OwnRight[]): Date =>
  new Date(
    Math.min(
      window.publicAt.getTime(),
      ...ofKind(rights, 'early_access').map((right) => (usableFrom(window, right) ?? window.publicAt).getTime()),
    ),
  )

export interface EarlyAccess {
  right: EarlyRight
  /** From when on this right lets in, were it there. */
  opensAt: Date
}

const STATE_ORDER = ['available', 'used_up', 'locked']

/**
 * The right of early access that is worth telling about: my widest one, else one that is used up, else the nearest that is
 * locked. Null when nobody comes early any more.
 */
export function earlyAccessOf(window: RewardWindow, rights: readonly OwnRight[], now: Date): EarlyAccess | null {
  if (window.earlyHours === null || window.publicAt <= now) return null
  const tierOf = (right: EarlyRight) => (right.state === 'locked' ? (right.tierFrom ?? Number.MAX_SAFE_INTEGER) : 0)
  const [best] = ofKind(rights, 'early_access')
    .map((right) => ({ right, opensAt: letsInAt(window, right) }))
    .sort(
      (a, b) =>
        STATE_ORDER.indexOf(a.right.state) - STATE_ORDER.indexOf(b.right.state) ||
        tierOf(a.right) - tierOf(b.right) ||
        a.opensAt.getTime() - b.opensAt.getTime() ||
        Number(a.right.quota !== null) - Number(b.right.quota !== null),
    )
  return best ?? null
}

/** Why the reward is not open for these rights now; null when it is. */
function closedFor(window: RewardWindow, rights: readonly OwnRight[], now: Date): Fault | null {
  if (window.publicAt <= now) return null
  const opensAt = opensFor(window, rights)
  if (opensAt <= now) return null
  const early = ofKind(rights, 'early_access')
  const mine = early.filter((right) => usableFrom(window, right) !== null)
  const spent = early.filter(
    (right) => window.earlyHours !== null && right.state === 'used_up' && letsInAt(window, right) <= now,
  )
  if (spent.length > 0 && !mine.some(({ state }) => state === 'available'))
    return fault('RIGHT_USED_UP', { backAt: firstOf(spent.map(({ backAt }) => backAt)) })
  return fault('REWARD_NOT_OPEN', { opensAt: opensAt.toISOString() })
}

const firstOf = (instants: (Date | null)[]): string | null => {
  const [first] = instants.filter((at) => at !== null).sort((a, b) => a.getTime() - b.getTime())
  return first?.toISOString() ?? null
}

/** How many are kept now for holders of which right; null when nothing is. */
export const keptOf = (reserve: Reserve | null, now: Date): Reserve | null =>
  reserve && reserve.pieces > 0 && reserve.until > now ? reserve : null

/** How many of it are left for who has these rights: what is kept for others is not. Null without limit. */
export function leftFor(
  { left, reserve }: Pick<RewardFacts, 'left' | 'reserve'>,
  rights: readonly OwnRight[],
  now: Date,
): number | null {
  const kept = keptOf(reserve, now)
  if (left === null || !kept) return left
  const mine = ofKind(rights, 'limited_edition').some(
    (own) => own.rightId === kept.rightId && own.state === 'available',
  )
  return mine ? left : Math.max(0, left - kept.pieces)
}

/** Why this member cannot exchange the reward now; null when nothing stands in the way. */
export function rewardRefusal(reward: RewardFacts, who: Shopper, now: Date): Fault | null {
  const { tier, points, debtPoints, rights } = who
  if (reward.endsAt && reward.endsAt <= now) return fault('REWARD_OVER')
  const closed = closedFor(reward, rights, now)
  if (closed) return closed
  if (tier < reward.tierGate) return fault('TIER_NEEDED', { tier: reward.tierGate })
  const { perPersonLimit: limit } = reward
  if (limit !== null && reward.takenByMe >= limit) return fault('REWARD_LIMIT', { limit })
  if (leftFor(reward, rights, now) === 0) return fault('REWARD_GONE')
  if (debtPoints > 0) return fault('IN_DEBT', { debtPoints })
  if (points < reward.points) return fault('POINTS_SHORT', { shortPoints: reward.points - points })
  return null
}

/** The last millisecond of the business day, `days` after the one it is ready on. */
export const pickupByOf = (readyAt: Date, days: number): Date =>
  new Date(businessDaysAfter(readyAt, days + 1).getTime() - 1)

/**
 * A text as a search compares it: full-width forms as their plain ones, no spaces, A–Z small. Nothing else is folded, so
 * that the database, whatever its locale, folds alike.
 */
export const foldText = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(' ', '')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** What is looked for: the words between spaces, folded. Empty when nothing is left to look for. */
export const searchWords = (text: string): string[] =>
  text
    .normalize('NFKC')
    .split(/\s+/)
    .map(foldText)
    .filter((word) => word !== '')

/** Whether title, subtitle or keywords hold every word. */
export const isFoundBy = (
  { title, subtitle, keywords }: { title: string; subtitle: string; keywords: string },
  words: readonly string[],
): boolean => {
  const fields = [title, subtitle, keywords].map(foldText)
  return words.length > 0 && words.every((word) => fields.some((field) => field.includes(word)))
}
