/**
 * A birthday is a month and a day of the brand's calendar; the year is nobody's business. It is written down once, and changed
 * once within some days, not shortly before it: a gift waits on that day.
 */
import type { Policy } from './policy'
import { businessDay, businessDaysAfter, DAY_MS, endOfBusinessDay, startOfBusinessDay } from './time'

export interface Birthday {
  /** 1–12 */
  month: number
  day: number
}

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
/** How many days a month has at most; 29 February is somebody's birthday. */
export const daysOfMonth = (month: number, year = 2000): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

export const isBirthday = ({ month, day }: Birthday): boolean =>
  Number.isInteger(month) && Number.isInteger(day) && month >= 1 && month <= 12 && day >= 1 && day <= daysOfMonth(month)

/** 00:00 of the birthday in a year; 29 February is the 28th where there is none. */
export const birthdayIn = (year: number, { month, day }: Birthday): Date =>
  startOfBusinessDay(new Date(Date.UTC(year, month - 1, month === 2 && day === 29 && !isLeap(year) ? 28 : day)))

/**
 * From when on a birthday can be changed; null for now. `setAt` is when the member last wrote it; null where it came from
 * elsewhere, which may be corrected once at any time but shortly before it.
 */
export function birthdayFixedUntil(
  { birthday, setAt }: { birthday: Birthday | null; setAt: Date | null },
  now: Date,
  { birthday: { changeDays, lockDays } }: Pick<Policy, 'birthday'>,
): Date | null {
  if (!birthday) return null
  const earliest = setAt ? businessDaysAfter(setAt, changeDays) : now
  const from = earliest > now ? earliest : now
  const next = nextBirthday(birthday, from)
  const locked = from >= businessDaysAfter(next, -lockDays)
  const until = locked ? new Date(endOfBusinessDay(next).getTime() + 1) : from
  return until > now ? until : null
}

/** 00:00 of the birthday that is today or comes next. */
function nextBirthday(birthday: Birthday, now: Date): Date {
  const { year } = businessDay(now)
  const own = birthdayIn(year, birthday)
  return endOfBusinessDay(own) >= now ? own : birthdayIn(year + 1, birthday)
}

export interface BirthdayWindow {
  /** The calendar year of the birthday it belongs to. */
  occasion: string
  opensAt: Date
  closesAt: Date
}

/** The days around a birthday that run now or come next; `after` leaves out the occasions up to that year. */
export function birthdayWindow(
  birthday: Birthday,
  { daysBefore, daysAfter }: { daysBefore: number; daysAfter: number },
  now: Date,
  after = 0,
): BirthdayWindow {
  const { year } = businessDay(now)
  // days around the turn of the year belong to the birthday of the other year
  for (let of = Math.max(year - 1, after + 1); ; of++) {
    const day = birthdayIn(of, birthday)
    const closesAt = new Date(day.getTime() + (daysAfter + 1) * DAY_MS - 1)
    if (closesAt >= now) return { occasion: String(of), opensAt: businessDaysAfter(day, -daysBefore), closesAt }
  }
}
