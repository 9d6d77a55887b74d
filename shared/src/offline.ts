import { isRingUpAmount } from './money'
import type { Policy } from './policy'

/** What became of a purchase that was taken without a network. */
export type OfflineState = 'settled' | 'clash' | 'dismissed'

/** Why one was not taken into account by itself. */
export type OfflineClash =
  /** No amount that can be rung up. */
  | 'amount_invalid'
  /** Nobody's code, at that time or near it. */
  | 'code_wrong'
  /** The code fits, its signatures do not. */
  | 'proof_wrong'
  /** A code of another time than that of the scan, or paid long after it. */
  | 'code_old'
  /** It has opened a visit elsewhere, or settled another entry. */
  | 'code_used'
  /** The member had taken the code away from that phone before. */
  | 'phone_removed'
  /** Whose phone it was has left, or there was no such phone. */
  | 'member_unknown'
  /** Sold after the tablet was ended. */
  | 'tablet_revoked'
  /** Sold later than now: the tablet's clock is wrong. */
  | 'from_future'
  | 'too_late'
  /** Another purchase was sent under this number before; that one stands. */
  | 'sequence_reused'

/** Clashes that a manager can still award: it is known whose phone it was, and what was paid. */
export const isAwardable = (clash: OfflineClash): boolean =>
  !['amount_invalid', 'code_wrong', 'member_unknown', 'sequence_reused'].includes(clash)

/** A till's own system numbers its entries below this; a tablet gets its own million above it. */
export const FIRST_TABLET_SEQUENCE = 1_000_000_000
export const TABLET_SEQUENCES = 1_000_000
/** The most entries of one sync. */
export const SYNC_ENTRIES = 100

/** Whether an ISO text with any offset is an instant that can be kept; a clock that is off by centuries says something else. */
export const isKeepable = (time: string): boolean => {
  const year = new Date(time).getUTCFullYear()
  return year >= 1 && year <= 9_999
}

export interface OfflineEntry {
  amountFen: number
  scannedAt: Date
  soldAt: Date
}

/**
 * What is wrong with an entry whoever it is for, by the server's clock. A sale belongs to a scan like an online one to its
 * visit: paid within `visitMinutes`.
 */
export function entryRefusal(
  { amountFen, scannedAt, soldAt }: OfflineEntry,
  now: Date,
  policy: Policy,
): 'amount_invalid' | 'from_future' | 'too_late' | 'code_old' | null {
  if (!isRingUpAmount(amountFen)) return 'amount_invalid'
  const ahead = Math.max(soldAt.getTime(), scannedAt.getTime()) - now.getTime()
  if (ahead > policy.tillWindowSeconds * 1000) return 'from_future'
  if (now.getTime() - soldAt.getTime() > policy.offlineDays * 86_400_000) return 'too_late'
  const between = soldAt.getTime() - scannedAt.getTime()
  return between < 0 || between > policy.visitMinutes * 60_000 ? 'code_old' : null
}
