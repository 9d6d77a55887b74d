/**
 * A coupon is a promise on a future order: off a fixed amount or a percentage, from a threshold on, once. What it may
 * become is a table; what it is worth is whole fen, never more than the order.
 */
import { type Fault, fault } from './faults'
import type { Scope } from './price-rule'
import { businessDaysAfter } from './time'

export type CouponKind = 'amount_off' | 'percent_off'
/** As the database keeps it. A coupon past its end is expired, whatever is written. */
export type CouponState = 'granted' | 'held' | 'used' | 'voided'
/** As a person sees it. */
export type ShownCouponState = 'waiting' | 'usable' | 'held' | 'used' | 'expired' | 'voided'
export type CouponMove = 'hold' | 'use' | 'release' | 'return' | 'void'

/**
 * What can happen to a coupon. A move that is not here is refused or changes nothing. A held coupon that is voided stays
 * with the customer at the till: its hold settles it, or gives it up to be voided.
 */
export const COUPON_MOVES: Record<CouponState, Partial<Record<CouponMove, CouponState>>> = {
  granted: { hold: 'held', void: 'voided' },
  held: { use: 'used', release: 'granted' },
  used: { return: 'granted' },
  voided: {},
}

/** What a coupon promises. */
export interface CouponTerms {
  kind: CouponKind
  amountOffFen: number | null
  /** What is still paid, 1–99. */
  payPercent: number | null
  maxOffFen: number | null
  thresholdFen: number
}

/** What a coupon is for, and beside which others. */
export interface CouponStacking {
  /** At most one of a group goes into an order; `alone` goes with no other. */
  stackingGroup: string
  /** Null for everything. */
  scope: Scope | null
}

/** Where a coupon is in its life. */
export interface CouponLife {
  state: CouponState
  validFrom: Date
  expiresAt: Date
  /** A hold that is over by this instant no longer holds it. */
  heldUntil: Date | null
}

/** Last millisecond in which a coupon granted at `at` is valid: a fixed end, or a business day's. */
export const couponEnd = (
  { validDays, validUntil }: { validDays: number | null; validUntil: Date | null },
  at: Date,
): Date => validUntil ?? new Date(businessDaysAfter(at, (validDays ?? 0) + 1).getTime() - 1)

const isHeld = ({ state, heldUntil }: CouponLife, now: Date) =>
  state === 'held' && heldUntil !== null && heldUntil > now

export function shownCouponState(coupon: CouponLife, now: Date): ShownCouponState {
  if (coupon.state === 'used' || coupon.state === 'voided') return coupon.state
  if (isHeld(coupon, now)) return 'held'
  if (coupon.expiresAt < now) return 'expired'
  return coupon.validFrom > now ? 'waiting' : 'usable'
}

/** What a coupon takes off `amountFen`; 0 below its threshold, never more than there is to pay. */
export function couponOffFen(terms: CouponTerms, amountFen: number): number {
  if (amountFen < terms.thresholdFen) return 0
  const promised =
    terms.kind === 'amount_off'
      ? (terms.amountOffFen ?? 0)
      : Math.floor((amountFen * (100 - (terms.payPercent ?? 100))) / 100)
  return Math.max(0, Math.min(promised, terms.maxOffFen ?? promised, amountFen))
}

/**
 * Why this coupon cannot be used now on an order in which the lines of its scope are `scopeFen` by the menu; null for no such
 * line. Null when it can.
 */
export function couponRefusal(coupon: CouponTerms & CouponLife, scopeFen: number | null, now: Date): Fault | null {
  switch (shownCouponState(coupon, now)) {
    case 'used':
    case 'held':
      return fault('COUPON_TAKEN')
    case 'voided':
    case 'expired':
      return fault('COUPON_OVER')
    case 'waiting':
      return fault('COUPON_NOT_OPEN', { opensAt: coupon.validFrom.toISOString() })
    case 'usable':
      if (scopeFen === null) return fault('COUPON_SCOPE')
      return scopeFen < coupon.thresholdFen
        ? fault('COUPON_SHORT', { missingFen: coupon.thresholdFen - scopeFen })
        : null
  }
}

export interface ClaimFacts {
  startsAt: Date | null
  endsAt: Date | null
  validUntil: Date | null
  totalLimit: number | null
  /** How many everybody has, and how many this person. */
  granted: number
  perPersonLimit: number | null
  grantedToMe: number
  /** What all grants together may take off, what those there are may, and what one more may. Null or left out for no limit. */
  budgetFen?: number | null
  budgetUsedFen?: number
  faceFen?: number | null
}

/** Why somebody cannot be granted one more of a template now; the database decides in the same order. */
export function grantRefusal(of: ClaimFacts, now: Date): Fault | null {
  if (of.startsAt && of.startsAt > now) return fault('COUPON_NOT_OPEN', { opensAt: of.startsAt.toISOString() })
  if ((of.endsAt && of.endsAt < now) || (of.validUntil && of.validUntil <= now)) return fault('COUPON_OVER')
  if (of.perPersonLimit !== null && of.grantedToMe >= of.perPersonLimit)
    return fault('COUPON_LIMIT', { limit: of.perPersonLimit })
  if (of.totalLimit !== null && of.granted >= of.totalLimit) return fault('COUPON_GONE')
  const { budgetFen = null, budgetUsedFen = 0, faceFen } = of
  if (budgetFen !== null && budgetUsedFen + (faceFen ?? 0) > budgetFen) return fault('COUPON_GONE')
  return null
}
