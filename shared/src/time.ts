/**
 * The brand's day is the day in Shanghai (UTC+8, no summer time since 1991). Everything is stored in UTC;
 * only what a person is promised ("until the end of 31 December") is cut at the business day.
 */

export const DAY_MS = 86_400_000
const SHANGHAI_MS = 8 * 3_600_000

export interface BusinessDay {
  year: number
  /** 1–12 */
  month: number
  day: number
}

/** The Shanghai calendar day of an instant. */
export function businessDay(at: Date): BusinessDay {
  const shifted = new Date(at.getTime() + SHANGHAI_MS)
  return { year: shifted.getUTCFullYear(), month: shifted.getUTCMonth() + 1, day: shifted.getUTCDate() }
}

const instant = (year: number, month: number, day: number) => new Date(Date.UTC(year, month - 1, day) - SHANGHAI_MS)

/** 00:00:00.000 in Shanghai of the business day that holds `at`. */
export function startOfBusinessDay(at: Date): Date {
  const { year, month, day } = businessDay(at)
  return instant(year, month, day)
}

/** The last millisecond of the business day that holds `at`. */
export const endOfBusinessDay = (at: Date): Date => new Date(startOfBusinessDay(at).getTime() + DAY_MS - 1)

/** 00:00 in Shanghai, `days` business days after the day of `at`. */
export const businessDaysAfter = (at: Date, days: number): Date =>
  new Date(startOfBusinessDay(at).getTime() + days * DAY_MS)

/** The last millisecond of the month that lies `months` after the month of `at`, in Shanghai. */
export function endOfMonthAfter(at: Date, months: number): Date {
  const { year, month } = businessDay(at)
  return new Date(instant(year, month + months + 1, 1).getTime() - 1)
}

/** The instant `months` calendar months before `at`; a day that does not exist falls on the month's last. */
export function monthsBefore(at: Date, months: number): Date {
  const { year, month, day } = businessDay(at)
  const lastDay = businessDay(new Date(instant(year, month - months + 1, 1).getTime() - 1)).day
  return instant(year, month - months, Math.min(day, lastDay))
}

/** The day of the week in Shanghai, 1 for Monday to 7. */
export const weekdayOf = (at: Date): number => new Date(at.getTime() + SHANGHAI_MS).getUTCDay() || 7

const two = (n: number) => String(n).padStart(2, '0')

/** `2026-11-22` */
export function dayText(at: Date): string {
  const { year, month, day } = businessDay(at)
  return `${year}-${two(month)}-${two(day)}`
}

/** `12 月 7 日`, with the year in front when it is not the year of `now`. */
export function dayWords(at: Date, now: Date): string {
  const { year, month, day } = businessDay(at)
  return `${year === businessDay(now).year ? '' : `${year} 年 `}${month} 月 ${day} 日`
}

/** `09:12` in Shanghai. */
export function clockText(at: Date): string {
  const shifted = new Date(at.getTime() + SHANGHAI_MS)
  return `${two(shifted.getUTCHours())}:${two(shifted.getUTCMinutes())}`
}

/** Whole business days from the day of `now` to the day of `at`; 0 today, negative in the past. */
export const daysUntil = (at: Date, now: Date): number =>
  Math.round((startOfBusinessDay(at).getTime() - startOfBusinessDay(now).getTime()) / DAY_MS)
