/**
 * Titles and badges (荣誉): worn for a term, some of them kept by a few duties a month. Nobody loses one for its duties without
 * having been told so, whole `warnDays` before; what was missed can be made up for until then, and won back afterwards.
 */
import { businessDaysAfter, DAY_MS, dayText, endOfMonthAfter } from './time'

export type HonourState = 'worn' | 'warned' | 'lapsed'
export type HonourKind = 'badge' | 'title'

/** How somebody holds an honour. Worn is what has no `expiresAt` or one to come, whatever the state says. */
export interface HonourHeld {
  state: HonourState
  expiresAt: Date | null
  /** The end of its term, while a lapse has set `expiresAt` earlier. */
  termEndsAt: Date | null
  /** Duties count from the month that begins here; null for none. */
  dutiesFrom: Date | null
  warnedAt: Date | null
  lapsesAt: Date | null
  lapsedAt: Date | null
  /** What it was warned of or has lapsed for. */
  because: 'duties' | 'term' | null
}

export interface HonourTerms {
  /** How many duties a month asks for: as many as the honour says, and never more than are to be had. */
  duties: number
  warnDays: number
  /** A lost one can be won back for so many months. */
  regainMonths: number
}

/** Duties by month (`2026-11`): done, and handed in and not looked at yet, which is nobody's omission. */
export type DutiesByMonth = Readonly<Record<string, { done: number; waiting: number }>>

const HOUR_MS = 3_600_000
/** For what will never be looked at again. */
const NEVER = new Date('9999-12-31T00:00:00Z')
const WARN_HOUR = 10

/** Until when an honour given at `at` is worn; null for ever. `honour_until` of the database is the same. */
export const honourUntil = (termMonths: number | null, at: Date): Date | null =>
  termMonths === null ? null : endOfMonthAfter(at, termMonths)

/** The month of an instant, as duties are counted by: `2026-11`. */
export const dutyMonth = (at: Date): string => dayText(at).slice(0, 7)

/** Until when one that lapsed at `lapsedAt` can be won back by the duties of a month. */
export const regainUntil = (lapsedAt: Date, regainMonths: number): Date => endOfMonthAfter(lapsedAt, regainMonths)

const monthAfter = (at: Date): Date => new Date(endOfMonthAfter(at, 0).getTime() + 1)

/** Ten in the morning, so many days before an end. */
const warnsAt = (end: Date, days: number): Date =>
  new Date(businessDaysAfter(end, -days).getTime() + WARN_HOUR * HOUR_MS)

/**
 * How an honour is held after a look at it: `held` itself when there is nothing to change. Looked at twice it is the same.
 * `duties` names at least the months since the warning, and that of `now`.
 */
export function honourReview(held: HonourHeld, terms: HonourTerms, duties: DutiesByMonth, now: Date): HonourHeld {
  const next = turn(held, terms, duties, now)
  return next === held ? held : honourReview(next, terms, duties, now)
}

function turn(held: HonourHeld, terms: HonourTerms, duties: DutiesByMonth, now: Date): HonourHeld {
  const { state, because, expiresAt } = held
  if (state === 'lapsed')
    return mayRegain(held, terms, now) && wonBack(held, terms, duties, now) ? worn(held, now) : held
  if (expiresAt && expiresAt <= now)
    return { ...held, state: 'lapsed', because: 'term', lapsedAt: expiresAt, termEndsAt: expiresAt }
  const ending = expiresAt !== null && now >= warnsAt(expiresAt, terms.warnDays)
  if (state === 'warned' && because === 'duties') return afterWarning(held, terms, duties, now)
  if (state === 'warned') return ending ? held : unwarned(held)
  if (ending) return { ...held, state: 'warned', because: 'term', warnedAt: now, lapsesAt: expiresAt }
  return dutiesAreMissing(held, terms, duties, now) ? warned(held, terms, now) : held
}

const unwarned = (held: HonourHeld): HonourHeld => ({
  ...held,
  state: 'worn',
  because: null,
  warnedAt: null,
  lapsesAt: null,
  lapsedAt: null,
})

/** Won back: to the end of its old term, and this month's duties are done. */
const worn = (held: HonourHeld, now: Date): HonourHeld => ({
  ...unwarned(held),
  expiresAt: held.termEndsAt,
  dutiesFrom: monthAfter(now),
})

/** Warned late, it lapses late. */
function warned(held: HonourHeld, { warnDays }: HonourTerms, now: Date): HonourHeld {
  const monthEnd = endOfMonthAfter(now, 0)
  const earliest = new Date(now.getTime() + warnDays * DAY_MS)
  return {
    ...held,
    state: 'warned',
    because: 'duties',
    warnedAt: now,
    lapsesAt: earliest > monthEnd ? earliest : monthEnd,
  }
}

function afterWarning(held: HonourHeld, terms: HonourTerms, duties: DutiesByMonth, now: Date): HonourHeld {
  const { done, waiting } = since(held.warnedAt ?? now, duties, now)
  if (done >= terms.duties) return unwarned(held)
  if (done + waiting >= terms.duties || (held.lapsesAt && now < held.lapsesAt)) return held
  return { ...held, state: 'lapsed', lapsedAt: now, termEndsAt: held.expiresAt, expiresAt: now }
}

/** What was done from the month of `from` to that of `now`: what a month missed may be made up for in the next one. */
function since(from: Date, duties: DutiesByMonth, now: Date): { done: number; waiting: number } {
  const months = Object.entries(duties).filter(([month]) => month >= dutyMonth(from) && month <= dutyMonth(now))
  return {
    done: months.reduce((sum, [, { done }]) => sum + done, 0),
    waiting: months.reduce((sum, [, { waiting }]) => sum + waiting, 0),
  }
}

function dutiesAreMissing({ dutiesFrom }: HonourHeld, terms: HonourTerms, duties: DutiesByMonth, now: Date): boolean {
  if (!dutiesFrom || now < dutiesFrom || now < warnsAt(endOfMonthAfter(now, 0), terms.warnDays)) return false
  const { done, waiting } = since(now, duties, now)
  return done + waiting < terms.duties
}

function mayRegain({ because, lapsedAt, termEndsAt }: HonourHeld, { regainMonths }: HonourTerms, now: Date): boolean {
  if (because !== 'duties' || !lapsedAt || (termEndsAt && termEndsAt <= now)) return false
  return now <= regainUntil(lapsedAt, regainMonths)
}

/** The duties of one whole month, of that of the warning or a later one. */
const wonBack = ({ warnedAt, lapsedAt }: HonourHeld, terms: HonourTerms, duties: DutiesByMonth, now: Date): boolean =>
  terms.duties > 0 &&
  Object.entries(duties).some(
    ([month, { done }]) =>
      month >= dutyMonth(warnedAt ?? lapsedAt ?? now) && month <= dutyMonth(now) && done >= terms.duties,
  )

/** When there is next something to look at, of what was just reviewed. */
export function nextLook(held: HonourHeld, terms: HonourTerms, now: Date): Date {
  const soon = new Date(now.getTime() + HOUR_MS)
  if (held.state === 'lapsed') return mayRegain(held, terms, now) ? soon : NEVER
  if (held.state === 'warned')
    return held.lapsesAt && held.lapsesAt > now && held.lapsesAt < soon ? held.lapsesAt : soon
  return [termLook(held, terms), dutyLook(held, terms, now)].reduce((first, one) => (one < first ? one : first), NEVER)
}

const termLook = ({ expiresAt }: HonourHeld, { warnDays }: HonourTerms): Date =>
  expiresAt ? warnsAt(expiresAt, warnDays) : NEVER

/** The morning of the warning; within the days after it every morning, for what is done may be taken back. */
function dutyLook({ dutiesFrom }: HonourHeld, { warnDays }: HonourTerms, now: Date): Date {
  if (!dutiesFrom) return NEVER
  const from = now < dutiesFrom ? dutiesFrom : now
  const warns = warnsAt(endOfMonthAfter(from, 0), warnDays)
  if (warns > now) return warns
  return new Date(businessDaysAfter(now, 1).getTime() + WARN_HOUR * HOUR_MS)
}
