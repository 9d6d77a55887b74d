/**
 * Gifts: what a person is given once for an occasion. The new-member gift within some days of joining, only for whoever is new here,
 * judged on every record that became this one; the birthday gift once a year around the birthday; a trial pack once.
 */
import { type Birthday, birthdayWindow } from './birthday'
import { type Fault, fault } from './faults'
import type { RightState } from './right'
import { DAY_MS, endOfBusinessDay } from './time'

export type GiftKind = 'new_member' | 'birthday' | 'trial_pack'

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
  /** Until when it can be opened; null while it cannot, and where there is no end. */
  claimBy: Date | null
}

const TAKEN: GiftStanding = { state: 'taken', refusal: null, claimBy: null }
const refused = (refusal: Fault): GiftStanding => ({ state: 'refused', refusal, claimBy: null })

/** How the new-member gift stands for one person now. */
export function giftStanding(
  facts: NewPerson & { gift: GiftTime; taken: boolean; gone: boolean },
  now: Date,
): GiftStanding {
  if (facts.taken) return TAKEN
  const refusal = newPersonRefusal(facts, facts.gift, now) ?? (facts.gone ? fault('GIFT_GONE') : null)
  return refusal || facts.newSince === null
    ? { state: 'refused', refusal, claimBy: null }
    : { state: 'open', refusal: null, claimBy: giftClaimBy(facts.gift, facts.newSince) }
}

/** What brings a gift, as its holder has it; null when no such right runs. A quota of its own it has none: a gift is given once. */
export type GiftRight = Pick<RightState, 'state' | 'unlock' | 'until'> | null

const notMine = (right: GiftRight): Fault | null =>
  right === null || right.state === 'locked' ? fault('RIGHT_LOCKED', { tier: right?.unlock?.tier ?? null }) : null

const earliest = (...ends: (Date | null | undefined)[]): Date | null => {
  const times = ends.flatMap((end) => (end ? [end.getTime()] : []))
  return times.length > 0 ? new Date(Math.min(...times)) : null
}

export interface BirthdayFacts {
  gift: { daysBefore: number; daysAfter: number; endsAt: Date | null }
  right: GiftRight
  birthday: Birthday | null
  /** The years for which this person has opened a birthday gift, whichever it was. */
  years: readonly string[]
  gone: boolean
}

export interface BirthdayStanding extends GiftStanding {
  /** The calendar year of the birthday whose turn it is; null while no birthday is known. */
  occasion: string | null
  /** When it can be opened the next time, once it was opened. */
  againAt: Date | null
}

/** How a birthday gift stands: once a calendar year of birthdays, within the days around it. */
export function birthdayStanding({ gift, right, birthday, years, gone }: BirthdayFacts, now: Date): BirthdayStanding {
  const turn = birthday && birthdayWindow(birthday, gift, now)
  const occasion = turn?.occasion ?? null
  const told = (standing: GiftStanding, againAt: Date | null = null) => ({ ...standing, occasion, againAt })
  if (birthday && turn && years.includes(turn.occasion)) {
    const next = birthdayWindow(birthday, gift, now, Math.max(...years.map(Number))).opensAt
    return told(TAKEN, gift.endsAt && gift.endsAt < next ? null : next)
  }
  const locked = notMine(right)
  if (locked) return told(refused(locked))
  if (!turn) return told(refused(fault('BIRTHDAY_NEEDED')))
  if (gift.endsAt && gift.endsAt < (turn.opensAt > now ? turn.opensAt : now)) return told(refused(fault('GIFT_OVER')))
  if (turn.opensAt > now) return told(refused(fault('GIFT_NOT_OPEN', { opensAt: turn.opensAt.toISOString() })))
  if (gone) return told(refused(fault('GIFT_GONE')))
  return told({ state: 'open', refusal: null, claimBy: earliest(turn.closesAt, gift.endsAt, right?.until) })
}

/** How a trial pack stands: once, for whom a right brings it, as long as there is one. */
export function trialStanding(
  facts: { gift: { endsAt: Date | null }; right: GiftRight; taken: boolean; gone: boolean },
  now: Date,
): GiftStanding {
  const { gift, right, taken, gone } = facts
  if (taken) return TAKEN
  const locked = notMine(right)
  if (locked) return refused(locked)
  if (gift.endsAt && gift.endsAt < now) return refused(fault('GIFT_OVER'))
  if (gone) return refused(fault('GIFT_GONE'))
  return { state: 'open', refusal: null, claimBy: earliest(gift.endsAt, right?.until) }
}
