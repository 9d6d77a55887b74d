/** Which day, week or month an undertaking is for, in business time; `obligation_period` of the database is the same. */
import { businessDay, businessDaysAfter, DAY_MS, dayText, endOfMonthAfter, startOfBusinessDay, weekdayOf } from './time'

export type Period = 'once' | 'daily' | 'weekly' | 'monthly'

export interface PeriodOf {
  /** `2026-11-22`, `2026-W47` (ISO 8601), `2026-11`; empty for once. */
  key: string
  from: Date | null
  /** The first instant that is outside; null for never. */
  until: Date | null
}

/** The period that `at` lies in. Weeks begin on Monday. */
export function periodOf(period: Period, at: Date): PeriodOf {
  if (period === 'once') return { key: '', from: null, until: null }
  if (period === 'daily') return { key: dayText(at), from: startOfBusinessDay(at), until: businessDaysAfter(at, 1) }
  if (period === 'weekly') {
    const from = businessDaysAfter(at, 1 - weekdayOf(at))
    return { key: weekKey(from), from, until: businessDaysAfter(from, 7) }
  }
  const until = new Date(endOfMonthAfter(at, 0).getTime() + 1)
  const from = new Date(endOfMonthAfter(at, -1).getTime() + 1)
  return { key: dayText(at).slice(0, 7), from, until }
}

/** A week belongs to the year that its Thursday lies in. */
function weekKey(monday: Date): string {
  const thursday = new Date(monday.getTime() + 3 * DAY_MS)
  const { year } = businessDay(thursday)
  const newYear = new Date(`${year}-01-01T00:00:00+08:00`)
  const nth = Math.floor((thursday.getTime() - newYear.getTime()) / (7 * DAY_MS)) + 1
  return `${year}-W${String(nth).padStart(2, '0')}`
}

/** When an undertaking taken up at `at` ends before its obligation does; null when it does not. */
export function dueOf(period: Period, dueDays: number | null, at: Date): Date | null {
  const { until } = periodOf(period, at)
  const due = dueDays === null ? null : businessDaysAfter(at, dueDays + 1)
  if (!until || !due) return until ?? due
  return new Date(Math.min(due.getTime(), until.getTime()))
}
