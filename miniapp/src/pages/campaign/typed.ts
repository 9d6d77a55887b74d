import { DAY_MS, dayText } from '@huiyuan/shared/time'

/** The last day before an instant. */
export const lastDay = (endsAt: string): string => dayText(new Date(Date.parse(endsAt) - 1))

/** A whole number as it was typed; null for nothing or something else. */
export const wholeOf = (text: string): number | null => (/^\d{1,10}$/.test(text.trim()) ? Number(text.trim()) : null)

export const fenOf = (text: string): number | null =>
  /^\d{1,6}(\.\d{1,2})?$/.test(text.trim()) ? Math.round(Number(text.trim()) * 100) : null

/** The morning of a day such as 2026-12-01; null for none. */
export function morningOf(day: string): Date | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day.trim())) return null
  const at = new Date(`${day.trim()}T00:00:00+08:00`)
  return Number.isNaN(at.getTime()) || dayText(at) !== day.trim() ? null : at
}

export interface Days {
  startsAt: Date | null
  /** null where it has no end, or none that can be read. */
  endsAt: Date | null
}

/** A day that was not touched keeps its instant. */
export function daysOf(
  { startsOn, endsOn }: { startsOn: string; endsOn: string },
  base: { startsAt: string; endsAt: string | null } | null,
): Days {
  const begins = base && dayText(new Date(base.startsAt)) === startsOn ? new Date(base.startsAt) : morningOf(startsOn)
  if (base?.endsAt && lastDay(base.endsAt) === endsOn) return { startsAt: begins, endsAt: new Date(base.endsAt) }
  const last = morningOf(endsOn)
  return { startsAt: begins, endsAt: last && new Date(last.getTime() + DAY_MS) }
}
