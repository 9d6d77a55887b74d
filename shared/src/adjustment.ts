/**
 * Corrections by hand: why, how much one operator may do alone, and what they read like. And what the programme owes its
 * members, by the month in which it ends.
 */
import { type Fault, fault } from './faults'
import { countText } from './money'
import type { Policy } from './policy'
import { businessDay, dayText, dayWords, endOfBusinessDay, endOfMonthAfter } from './time'

export type AdjustmentReason = 'goodwill' | 'correction' | 'outage' | 'abuse' | 'other'
export type AdjustmentState = 'waiting' | 'done' | 'refused'

/** Each reason as the member reads it on the statement. */
export const ADJUSTMENT_TITLES: Record<AdjustmentReason, string> = {
  goodwill: '一点心意',
  correction: '更正记错的积分',
  outage: '系统出过差错，补上',
  abuse: '不合积分规则的部分',
  other: '详情可以问店里',
}

/** Each reason as the operators call it. */
export const ADJUSTMENT_NAMES: Record<AdjustmentReason, string> = {
  goodwill: '客情心意',
  correction: '记录更正',
  outage: '系统差错',
  abuse: '违规收回',
  other: '其他',
}

/** Why a correction by so many points cannot be asked for; null when it can. */
export const adjustmentRefusal = (points: number, policy: Pick<Policy, 'adjustMost'>): Fault | null =>
  Number.isInteger(points) && points !== 0 && Math.abs(points) <= policy.adjustMost
    ? null
    : fault('BAD_INPUT', { fields: [{ path: 'points', problem: points === 0 ? 'zero' : 'too_big' }] })

/** What an operator who has moved so many points today may still move alone; more and fewer add up. */
export const aloneLeft = (movedToday: number, policy: Pick<Policy, 'adjustAloneLimit'>): number =>
  Math.max(0, policy.adjustAloneLimit - movedToday)

/**
 * Whether one operator is enough; the statement that writes asks the same. Nobody moves their own points alone.
 */
export const isAloneEnough = (
  { points, movedToday, own }: { points: number; movedToday: number; own: boolean },
  policy: Pick<Policy, 'adjustAloneLimit'>,
): boolean => !own && Math.abs(points) <= aloneLeft(movedToday, policy)

/** Points given by hand live as long as points earned then. */
export const adjustmentEnds = (at: Date, policy: Pick<Policy, 'expiryMonths'>): Date =>
  endOfMonthAfter(at, policy.expiryMonths)

export interface AdjustmentLine {
  nameMasked: string | null
  memberNoLast4: string
  points: number
  reason: AdjustmentReason
  state: AdjustmentState
  /** Staff numbers. */
  proposedBy: string
  decidedBy: string | null
  debtPoints: number
}

/** One correction in a sentence for operators. */
export function adjustmentWords(line: AdjustmentLine): string {
  const card = `尾号 ${line.memberNoLast4}`
  const who = line.nameMasked ? `${line.nameMasked}（${card}）` : `${card} `
  const what = `${line.points > 0 ? '加' : '减'} ${countText(Math.abs(line.points))} 积分`
  return `为 ${who}${what}，${ADJUSTMENT_NAMES[line.reason]}：${endingWords(line)}`
}

function endingWords({ state, proposedBy, decidedBy, debtPoints }: AdjustmentLine): string {
  if (state === 'waiting') return `${proposedBy} 提出，等另一位运营复核`
  if (state === 'refused') return `${decidedBy ?? '另一位运营'} 没有同意，积分没动`
  const owed = debtPoints > 0 ? `，余额不够，记下 ${countText(debtPoints)} 欠分` : ''
  return `${decidedBy === proposedBy ? `${proposedBy} 已调整` : `${proposedBy} 提出，${decidedBy} 已同意`}${owed}`
}

/** `2026-12`: the month of an instant by the brand's clock. */
export const monthText = (at: Date): string => dayText(at).slice(0, 7)

/** What ends at one instant: points that can be spent now, and points that cannot yet. */
export interface EndingPoints {
  endsAt: Date
  points: number
  pendingPoints: number
}

export interface ForecastMonth {
  month: string
  /** The first instant of this month at which something ends. */
  endsAt: Date
  points: number
  pendingPoints: number
  words: string
}

/** The current month and as many after it as points live. */
const FORECAST_MONTHS = 13

/** Month by month what will end, from what ends when; months without an end are left out. */
export function forecastOf(ending: EndingPoints[], now: Date): ForecastMonth[] {
  const last = endOfMonthAfter(now, FORECAST_MONTHS - 1)
  const months = new Map<string, EndingPoints[]>()
  for (const one of [...ending].sort((a, b) => a.endsAt.getTime() - b.endsAt.getTime())) {
    if (one.endsAt < now || one.endsAt > last || one.points + one.pendingPoints === 0) continue
    const month = monthText(one.endsAt)
    months.set(month, [...(months.get(month) ?? []), one])
  }
  return [...months].map(([month, ends]) => {
    const points = ends.reduce((sum, one) => sum + one.points, 0)
    const pendingPoints = ends.reduce((sum, one) => sum + one.pendingPoints, 0)
    const { endsAt } = ends[0] as EndingPoints
    return { month, endsAt, points, pendingPoints, words: monthWords(ends, points, pendingPoints, now) }
  })
}

function monthWords(ends: EndingPoints[], points: number, pendingPoints: number, now: Date): string {
  const [first, last] = [ends[0] as EndingPoints, ends[ends.length - 1] as EndingPoints]
  const oneDay = dayText(first.endsAt) === dayText(last.endsAt)
  const onLastDay = endOfBusinessDay(first.endsAt).getTime() === endOfMonthAfter(first.endsAt, 0).getTime()
  const when = onLastDay
    ? `${monthWord(first.endsAt, now)}底`
    : oneDay
      ? dayWords(first.endsAt, now)
      : `${dayWords(first.endsAt, now)}到月底之间`
  const pending = pendingPoints > 0 ? `，其中 ${countText(pendingPoints)} 积分还没生效` : ''
  return `${when}有 ${countText(points + pendingPoints)} 积分到期${pending}`
}

/** `12 月`, with the year in front when it is not the year of `now`. */
function monthWord(at: Date, now: Date): string {
  const { year, month } = businessDay(at)
  return `${year === businessDay(now).year ? '' : `${year} 年 `}${month} 月`
}

export interface OwedPoints {
  available: number
  pending: number
  lots: number
}

export interface LiabilityMonth extends OwedPoints {
  month: string
  /** The last millisecond of the month. */
  endsAt: Date
}

const LIABILITY_MONTHS = 24

/**
 * What is outstanding by the month in which it ends: this month and the 23 after it, each of them, and one sum of what is
 * later. What has ended but not left the books yet counts in this month.
 */
export function liabilityOf(
  rows: (OwedPoints & { month: string })[],
  now: Date,
): { months: LiabilityMonth[]; later: OwedPoints } {
  const months = Array.from({ length: LIABILITY_MONTHS }, (_, n) => {
    const endsAt = endOfMonthAfter(now, n)
    return { month: monthText(endsAt), endsAt, available: 0, pending: 0, lots: 0 }
  })
  const later: OwedPoints = { available: 0, pending: 0, lots: 0 }
  for (const { month, available, pending, lots } of rows) {
    // months are written so that they sort as text
    const into = months.find((one) => month <= one.month) ?? later
    into.available += available
    into.pending += pending
    into.lots += lots
  }
  return { months, later }
}
