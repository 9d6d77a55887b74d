import { birthdayStanding, giftStanding } from '@huiyuan/shared/gift'
import { maskName } from '@huiyuan/shared/member'
import type { OwnRight } from '@huiyuan/shared/right'
import type { TodayFacts } from '@huiyuan/shared/today'
import type { Ctx } from '../ctx'
import { displayNameOf } from '../member'
import type { RightFacts } from '../right'

/** What the database reads for a home screen, noun by noun; instants as ISO text. */
export interface HomeRows {
  member: { memberNo: string; nameSealed: string | null } | null
  account: { availablePoints: number; pendingPoints: number; debtPoints: number; growth: number }
  standing: { tier: number; since: string; validUntil: string; countsAtEnd: number | null }
  lots: { state: 'pending' | 'active'; remaining: number; activeAt: string; expiresAt: string }[]
  claim: { claimId: string; points: number } | null
  phones: number
  devices: number
  gift: GiftRow | null
  birthday: { month: number; day: number; years: string[]; gifts: BirthdayGiftRow[] } | null
  coupons: { title: string; validFrom: string; expiresAt: string }[]
  pickups: { redemptionId: string; title: string; state: 'placed' | 'ready'; pickupBy: string }[]
  undertaken: (Omit<TodayFacts['undertaken'][number], 'endsAt'> & { endsAt: string })[]
  released: { points: number; at: string; nameSealed: string | null }[]
  /** reward → how many this member has taken, where that is limited */
  taken: Record<string, number>
  /** Whether what is shown may be chosen by what is known of the member. */
  personal: boolean
  rightsOwn: RightFacts
  shareCode: string | null
  /** The article that came out last. */
  news: { articleId: string; title: string } | null
}

interface GiftRow {
  giftId: string
  title: string
  joinWithinDays: number
  startsAt: string
  endsAt: string | null
  newSince: string
  boughtBefore: boolean
  gone: boolean
}

interface BirthdayGiftRow {
  giftId: string
  title: string
  rightId: string
  daysBefore: number
  daysAfter: number
  endsAt: string | null
  gone: boolean
}

/** A name as it lies in the database, opened; the brand's own word where there is none. */
export const openedName = (ctx: Ctx, nameSealed: string | null): string =>
  displayNameOf(ctx, nameSealed === null ? null : Buffer.from(nameSealed, 'base64'))

/** The rows as the rule of the day takes them. */
export function todayFactsOf(ctx: Ctx, rows: HomeRows, rights: readonly OwnRight[]): TodayFacts {
  const now = ctx.now()
  const { tier, since, validUntil, countsAtEnd } = rows.standing
  return {
    gift: (rows.gift && openGiftOf(rows.gift, now)) ?? birthdayGiftOf(rows.birthday, rights, now),
    claim: rows.claim,
    unlocked: {
      titles: rights.filter(({ from, tierFrom }) => from === 'tier' && tierFrom === tier).map(({ title }) => title),
      // what everybody has from the first day on is no news
      since: tier === 1 ? new Date(0) : new Date(since),
    },
    standing: { tier, validUntil: new Date(validUntil), countsAtEnd },
    pickups: rows.pickups
      .filter(({ state }) => state === 'ready')
      .map(({ redemptionId, title, pickupBy }) => ({ redemptionId, title, pickupBy: new Date(pickupBy) })),
    lots: rows.lots.map((lot) => ({ ...lot, activeAt: new Date(lot.activeAt), expiresAt: new Date(lot.expiresAt) })),
    coupons: rows.coupons
      .filter(({ validFrom }) => new Date(validFrom) <= now)
      .map(({ title, expiresAt }) => ({ title, expiresAt: new Date(expiresAt) })),
    undertaken: rows.undertaken.map((one) => ({ ...one, endsAt: new Date(one.endsAt) })),
    released: rows.released.map(({ points, at, nameSealed }) => ({
      points,
      friend: maskName(openedName(ctx, nameSealed)),
      at: new Date(at),
    })),
    phones: rows.phones,
    devices: rows.devices,
  }
}

/** The gift, when its own rule says that it is open for this member. */
function openGiftOf({ giftId, title, ...row }: GiftRow, now: Date): TodayFacts['gift'] {
  const gift = {
    joinWithinDays: row.joinWithinDays,
    startsAt: new Date(row.startsAt),
    endsAt: row.endsAt === null ? null : new Date(row.endsAt),
  }
  const { boughtBefore, gone } = row
  const { claimBy } = giftStanding({ gift, newSince: new Date(row.newSince), boughtBefore, taken: false, gone }, now)
  return claimBy && { giftId, title, claimBy }
}

/** The birthday gift that can be opened now. */
function birthdayGiftOf(birthday: HomeRows['birthday'], rights: readonly OwnRight[], now: Date): TodayFacts['gift'] {
  for (const { giftId, title, rightId, endsAt, gone, ...days } of birthday?.gifts ?? []) {
    const right = rights.find((own) => own.rightId === rightId) ?? null
    const gift = { ...days, endsAt: endsAt === null ? null : new Date(endsAt) }
    const { claimBy } = birthdayStanding({ gift, right, birthday, years: birthday?.years ?? [], gone }, now)
    if (claimBy) return { giftId, title, claimBy }
  }
  return null
}
