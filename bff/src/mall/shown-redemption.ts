import { mayCancel, type RedemptionState } from '@huiyuan/shared/mall'

/** A redemption as the database tells it; times are ISO strings. */
export interface RedemptionRow {
  redemptionId: string
  rewardId: string
  title: string
  /** Which of the brand's drawings shows it. */
  art: string
  kind: 'pickup' | 'coupon'
  origin: 'mall' | 'gift'
  points: number
  state: RedemptionState
  cancelReason: 'member' | 'overdue' | 'gift_superseded' | null
  pieceNo: number | null
  stockTotal: number | null
  placedAt: string
  readyAt: string
  pickupBy: string
  /** Only while it can be picked up. */
  pickupCode: string | null
  finishedAt: string | null
  storeName: string | null
  couponId: string | null
}

/** What its owner sees of a redemption. */
export interface ShownRedemption extends RedemptionRow {
  canCancel: boolean
}

export const shownRedemption = (row: RedemptionRow): ShownRedemption => ({
  ...row,
  canCancel: row.kind === 'pickup' && mayCancel(row),
})
