import type { RouterOutputs } from '../../lib/api'

export type Job = NonNullable<RouterOutputs['member']['me']['staff']>
export type Visit = RouterOutputs['visit']['scan']
export type Quote = RouterOutputs['order']['quote']
export type Held = RouterOutputs['order']['hold']
export type Settled = RouterOutputs['order']['settle']

/** Which coupons the clerk wants: those that save most together, none, or just these. */
export type Choice = 'best' | 'none' | string[]

/**
 * Where the counter is with the person who stands there; times in ms of this till's clock. `heldSince` is when the lock
 * was first asked for, `heldAt` when it was shown.
 */
export type Phase =
  | { step: 'scan' }
  | { step: 'ring'; visit: Visit; since: number }
  | { step: 'held'; visit: Visit; since: number; hold: Held; heldSince: number; heldAt: number }
  | { step: 'done'; visit: Visit; since: number; order: Settled }

/** What lies over the counter. */
export type Over = 'coupons' | 'pickup' | 'checkin' | 'recent' | 'cards' | 'service' | null
