import type { Birthday } from '@huiyuan/shared/birthday'
import { birthdayStanding, type GiftKind, type GiftStanding, giftStanding, trialStanding } from '@huiyuan/shared/gift'
import type { OwnRight } from '@huiyuan/shared/right'
import type { Ctx } from '../ctx'
import { displayNameOf } from '../member'
import { ownRights, type RightFacts, type RightJson } from '../right'

interface CouponTerms {
  templateId: string
  title: string
  thresholdFen: number
  amountOffFen: number | null
  validDays: number | null
}

export type GiftContent =
  | { kind: 'pickup'; rewardId: string; title: string; days: number }
  | ({ kind: 'coupon' } & CouponTerms)
  /** `days` null: without an end. */
  | { kind: 'right'; rightId: string; title: string; days: number | null }
  | { kind: 'points'; points: number }
  /** Comes when the pick-up is handed over. */
  | ({ kind: 'follow_up' } & CouponTerms)

export type OpenedContent =
  | { kind: 'coupon'; couponId: string; title: string; expiresAt: string }
  | { kind: 'right'; rightId: string; title: string; expiresAt: string | null }
  | { kind: 'points'; points: number; expiresAt: string }
  | { kind: 'pickup'; redemptionId: string; title: string; pickupBy: string }

/** A gift as the database tells it; instants are ISO text. */
export interface GiftRow {
  giftId: string
  kind: GiftKind
  title: string
  joinWithinDays: number
  rightId: string | null
  daysBefore: number | null
  daysAfter: number | null
  startsAt: string
  endsAt: string | null
  points: number
  contents: GiftContent[]
  /** Whether stock or budget is used up. */
  gone: boolean
}

/** What a member has of a gift, of the last time. */
export interface GivenRow {
  occasion: string
  openedAt: string
  contents: OpenedContent[]
  /** The coupon that came with the hand-over of a trial pack. */
  followUp: { title: string; state: string; expiresAt: string } | null
}

/** The friend it came by. */
export interface FromRow {
  fromSealed: string | null
  fromSomebody: boolean
}

export interface GiftFacts extends FromRow {
  gifts: (GiftRow & { given: GivenRow | null })[]
  newSince: string | null
  boughtBefore: boolean
  birthday: Birthday | null
  /** For which years a birthday gift was opened. */
  years: string[]
  /** null for a record that was merged away. */
  tier: number | null
  rights: RightJson[]
  rightsOwn: RightFacts
}

export const readGift = (ctx: Ctx, memberId: string, giftId?: string): Promise<GiftFacts> =>
  ctx.sql('gift_read', {
    memberId,
    at: ctx.now(),
    newAfterDays: ctx.policy.newAfterDays,
    ...(giftId === undefined ? {} : { giftId }),
  })

const dateOf = (iso: string | null): Date | null => (iso === null ? null : new Date(iso))

export interface ToldStanding extends GiftStanding {
  right: OwnRight | null
  /** The year of the birthday; empty for gifts that are given once. */
  occasion: string
  againAt: Date | null
}

/** How one of these gifts stands for whom the facts are of. */
export function standingOf(gift: GiftFacts['gifts'][number], facts: GiftFacts, now: Date): ToldStanding {
  const { gone } = gift
  const right = rightOf(gift, facts, now)
  const endsAt = dateOf(gift.endsAt)
  const taken = gift.given !== null
  switch (gift.kind) {
    case 'new_member': {
      const person = { newSince: dateOf(facts.newSince), boughtBefore: facts.boughtBefore }
      const time = { joinWithinDays: gift.joinWithinDays, startsAt: new Date(gift.startsAt), endsAt }
      return { ...giftStanding({ ...person, gift: time, taken, gone }, now), right, occasion: '', againAt: null }
    }
    case 'birthday': {
      const days = { daysBefore: gift.daysBefore ?? 0, daysAfter: gift.daysAfter ?? 0, endsAt }
      const { birthday, years } = facts
      const standing = birthdayStanding({ gift: days, right, birthday, years, gone }, now)
      return { ...standing, right, occasion: standing.occasion ?? '' }
    }
    case 'trial_pack':
      return { ...trialStanding({ gift: { endsAt }, right, taken, gone }, now), right, occasion: '', againAt: null }
  }
}

/** The right that brings a gift, as this person has it; null when it does not run. */
const rightOf = ({ rightId }: GiftRow, { rights, tier, rightsOwn }: GiftFacts, now: Date): OwnRight | null =>
  ownRights(
    rights.filter((right) => right.rightId === rightId),
    tier ?? 0,
    rightsOwn,
    now,
  )[0] ?? null

/** What the friend is called; null when nobody sent the link. */
export const fromNameOf = (ctx: Ctx, { fromSealed, fromSomebody }: FromRow): string | null =>
  fromSomebody ? displayNameOf(ctx, fromSealed === null ? null : Buffer.from(fromSealed, 'base64')) : null
