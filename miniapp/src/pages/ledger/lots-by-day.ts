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
