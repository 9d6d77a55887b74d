import type { TransferDetail, TransferReason } from '@huiyuan/shared/ledger'

/** A transfer as it lies in the books. */
interface TransferRow {
  transferId: string
  unit: string
  fromAccount: string
  toAccount: string
  amount: number
  reason: string
  detail: unknown
  effectKind: string | null
  effectSource: string | null
  at: Date
}

/** What a member sees as one movement, under the id of its newest transfer. */
export interface Move {
  transferId: string
  unit: 'points' | 'growth'
  direction: 'in' | 'out' | 'move'
  /** It is about what is owed, not owned. */
  owed: boolean
  amount: number
  reason: TransferReason
  detail: TransferDetail
  at: Date
}

const DEBT = 'member:debt'

/** Transfers, newest first, as movements: those that one cause wrote at once, alike but for their lot or day, are one. */
export function groupedMoves(rows: TransferRow[]): Move[] {
  const moves = new Map<string, Move>()
  for (const row of rows) {
    const move = moveOf(row)
    const cause = causeOf(row, move)
    const key = cause
      ? JSON.stringify([cause, move.unit, move.direction, move.owed, move.reason, move.at])
      : row.transferId
    const known = moves.get(key)
    if (known) known.amount += move.amount
    else moves.set(key, move)
  }
  return [...moves.values()]
}

/** What a merge or its undo moves carries the merge's id; its lots and days are told as one. */
const causeOf = ({ effectKind, effectSource }: TransferRow, { detail }: Move): unknown =>
  effectSource ? [effectKind, effectSource, detail] : detail.mergeId

function moveOf({ transferId, fromAccount, toAccount, amount, at, ...row }: TransferRow): Move {
  const reason = row.reason as TransferReason
  return {
    transferId,
    unit: row.unit as Move['unit'],
    direction: directionOf(fromAccount, toAccount),
    owed: reason !== 'debt_paid' && [fromAccount, toAccount].includes(DEBT),
    amount,
    reason,
    detail: row.detail as TransferDetail,
    at,
  }
}

const directionOf = (from: string, to: string): Move['direction'] =>
  from.startsWith('member:') && to.startsWith('member:') ? 'move' : to.startsWith('member:') ? 'in' : 'out'

/** The millisecond within a UUIDv7: ids of one instant share it. */
export const instantOf = (id: string): string => id.slice(0, 13)

/** The highest id that one instant can have. */
export const lastIdOfInstant = (id: string): string => `${instantOf(id)}-ffff-ffff-ffffffffffff`
