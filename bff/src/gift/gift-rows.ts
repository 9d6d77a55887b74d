import type { GiftTime, NewPerson } from '@huiyuan/shared/gift'
import type { Ctx } from '../ctx'
import { displayNameOf } from '../member'

export type GiftContent =
  | { kind: 'pickup'; rewardId: string; title: string; days: number }
  | {
      kind: 'coupon'
      templateId: string
      title: string
      thresholdFen: number
      amountOffFen: number | null
      validDays: number | null
    }
  | { kind: 'points'; points: number }

export type OpenedContent =
  | { kind: 'coupon'; couponId: string; title: string; expiresAt: string }
  | { kind: 'points'; points: number; expiresAt: string }
  | { kind: 'pickup'; redemptionId: string; title: string; pickupBy: string }

/** A gift as the database tells it; instants are ISO text. */
export interface GiftRow {
  giftId: string
  title: string
  joinWithinDays: number
  startsAt: string
  endsAt: string | null
  points: number
  contents: GiftContent[]
  /** Whether stock or budget is used up. */
  gone: boolean
}

/** The friend it came by. */
export interface FromRow {
  fromSealed: string | null
  fromSomebody: boolean
}

export interface GiftFacts extends FromRow {
  gift: GiftRow | null
  given: { giftId: string; openedAt: string; contents: OpenedContent[] } | null
  newSince: string | null
  boughtBefore: boolean
}

export const readGift = (ctx: Ctx, memberId: string, giftId?: string): Promise<GiftFacts> =>
  ctx.sql('gift_read', {
    memberId,
    at: ctx.now(),
    newAfterDays: ctx.policy.newAfterDays,
    ...(giftId === undefined ? {} : { giftId }),
  })

export const giftTimeOf = ({ joinWithinDays, startsAt, endsAt }: GiftRow): GiftTime => ({
  joinWithinDays,
  startsAt: new Date(startsAt),
  endsAt: endsAt === null ? null : new Date(endsAt),
})

export const personOf = ({ newSince, boughtBefore }: GiftFacts): NewPerson => ({
  newSince: newSince === null ? null : new Date(newSince),
  boughtBefore,
})

/** What the friend is called; null when nobody sent the link. */
export const fromNameOf = (ctx: Ctx, { fromSealed, fromSomebody }: FromRow): string | null =>
  fromSomebody ? displayNameOf(ctx, fromSealed === null ? null : Buffer.from(fromSealed, 'base64')) : null
