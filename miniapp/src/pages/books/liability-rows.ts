import type { RouterOutputs } from '../../lib/api'

export type Liability = RouterOutputs['ledger']['liability']

export interface LiabilityRow {
  /** `2026-12`; `later` for everything behind the last month told. */
  month: string
  name: string
  available: number
  pending: number
  lots: number
  /** Of the fullest row, 0 to 1. */
  availableShare: number
  pendingShare: number
}

const isEmpty = ({ available, pending }: { available: number; pending: number }) => available + pending === 0

/** The months up to the last in which something ends, then what ends later; each with its share of the fullest. */
export function liabilityRows({ months, later }: Pick<Liability, 'months' | 'later'>): LiabilityRow[] {
  const used = isEmpty(later) ? months.slice(0, months.map(isEmpty).lastIndexOf(false) + 1) : months
  const rows = [
    ...used.map((one) => ({ ...one, name: one.month })),
    ...(isEmpty(later) ? [] : [{ ...later, month: 'later', name: '更晚' }]),
  ]
  const fullest = Math.max(1, ...rows.map(({ available, pending }) => available + pending))
  return rows.map(({ month, name, available, pending, lots }) => ({
    month,
    name,
    available,
    pending,
    lots,
    availableShare: available / fullest,
    pendingShare: pending / fullest,
  }))
}
