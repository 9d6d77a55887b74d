import { daysUntil } from '@huiyuan/shared/time'
import type { RouterOutputs } from '../../lib/api'

export type Forecast = RouterOutputs['ledger']['forecast']
type ForecastMonth = Forecast['months'][number]

export interface Column {
  /** `2026-12` */
  month: string
  /** The month's number; empty where there is no room for it. */
  label: string
  points: number
  pending: number
  /** The sum, where there is room for it. */
  figure: string
  /** Of the fullest month, 0 to 1. */
  share: number
  /** How much of it cannot be used yet, 0 to 1. */
  pendingShare: number
  /** It ends within a month. */
  soon: boolean
}

const SOON_DAYS = 30
/** So many columns have room for a number each. */
const ROOMY = 6
/** With more than so many, every other month is named. */
const TIGHT = 8

const nextMonth = (month: string): string => {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`
}

/** Every month from the first in which something ends to the last, the empty ones between them as well. */
export function columnsOf(months: ForecastMonth[], now: Date, write: (points: number) => string): Column[] {
  const first = months[0]
  const last = months[months.length - 1]
  if (!first || !last) return []
  const whole = ({ points, pendingPoints }: ForecastMonth) => points + pendingPoints
  const fullest = Math.max(1, ...months.map(whole))
  const all: string[] = []
  for (let month = first.month; month < last.month; month = nextMonth(month)) all.push(month)
  all.push(last.month)
  const peak = all.indexOf((months.find((one) => whole(one) === fullest) ?? first).month)
  return all.map((month, index) => {
    const own = months.find((one) => one.month === month)
    const sum = own ? whole(own) : 0
    // two numbers need a column between them
    const tells = all.length <= ROOMY || index === peak || (index === 0 && peak > 2)
    return {
      month,
      label: all.length <= TIGHT || index % 2 === 0 ? String(Number(month.slice(5))) : '',
      points: own?.points ?? 0,
      pending: own?.pendingPoints ?? 0,
      figure: tells && sum > 0 ? write(sum) : '',
      share: sum / fullest,
      pendingShare: own && sum > 0 ? own.pendingPoints / sum : 0,
      soon: own !== undefined && daysUntil(new Date(own.endsAt), now) <= SOON_DAYS,
    }
  })
}
