import { dayText } from '@huiyuan/shared/time'
import type { RouterOutputs } from '../../lib/api'

export type Lot = RouterOutputs['ledger']['lots']['lots'][number]

/** Lots that come or go on the same day are one to a person. */
export interface LotDay {
  /** `2026-11-30` */
  day: string
  at: Date
  points: number
  count: number
}

/** Lots by the day of one of their dates, the earliest first. */
export function lotsByDay(lots: Lot[], date: 'activeAt' | 'expiresAt'): LotDay[] {
  const days = new Map<string, LotDay>()
  for (const lot of lots) {
    const at = new Date(lot[date])
    const day = dayText(at)
    const known = days.get(day)
    days.set(day, { day, at, points: (known?.points ?? 0) + lot.remaining, count: (known?.count ?? 0) + 1 })
  }
  return [...days.values()].sort((a, b) => a.at.getTime() - b.at.getTime())
}

const PARTS = 3

/** As many parts as a bar can be read in: the first days by themselves, everything later as one. */
export function barParts(days: LotDay[]): (LotDay & { later?: boolean })[] {
  const [opening, ...more] = days.slice(PARTS - 1)
  if (!opening || more.length === 0) return days
  const points = more.reduce((sum, day) => sum + day.points, opening.points)
  return [...days.slice(0, PARTS - 1), { ...opening, points, later: true }]
}
