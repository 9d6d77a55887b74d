/**
 * The new-member gift: once a person, within some days of joining, and only for whoever is new here. New is judged on the
 * whole person, on every record that became this one.
 */
import { type Fault, fault } from './faults'
import { DAY_MS, endOfBusinessDay } from './time'

export interface NewPerson {
  /** When this person first joined by agreeing; null for a card that nobody has joined with. */
  newSince: Date | null
  /** Whether a purchase was made, and kept, within the policy's days before that. */
  boughtBefore: boolean
}

export interface GiftTime {
  joinWithinDays: number
  startsAt: Date
  endsAt: Date | null
}

/** Until when somebody who joined at `newSince` can open the gift. */
export function giftClaimBy({ joinWithinDays, endsAt }: GiftTime, newSince: Date): Date {
  const until = endOfBusinessDay(new Date(newSince.getTime() + joinWithinDays * DAY_MS))
  return endsAt && endsAt < until ? endsAt : until
}

/** Why this person gets no new-member gift; null when they are new enough. */
export function newPersonRefusal({ newSince, boughtBefore }: NewPerson, gift: GiftTime, now: Date): Fault | null {
  if (newSince === null) return fault('NOT_NEW', { reason: 'joined_before' })
  if (giftClaimBy(gift, newSince) < now)
    return newSince < gift.startsAt ? fault('NOT_NEW', { reason: 'joined_before' }) : fault('GIFT_OVER')
  return boughtBefore ? fault('NOT_NEW', { reason: 'bought_before' }) : null
}

export interface GiftStanding {
  state: 'open' | 'taken' | 'refused'
  refusal: Fault | null
  claimBy: Date | null
}

/** How a gift stands for one person now. */
export function giftStanding(
  facts: NewPerson & { gift: GiftTime; taken: boolean; gone: boolean },
  now: Date,
): GiftStanding {
  if (facts.taken) return { state: 'taken', refusal: null, claimBy: null }
  const refusal = newPersonRefusal(facts, facts.gift, now) ?? (facts.gone ? fault('GIFT_GONE') : null)
  return refusal || facts.newSince === null
    ? { state: 'refused', refusal, claimBy: null }
    : { state: 'open', refusal: null, claimBy: giftClaimBy(facts.gift, facts.newSince) }
}
