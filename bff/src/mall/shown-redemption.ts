import type { RewardKind } from '@huiyuan/shared/mall'
import { type CancelReason, type GivenBack, mayCancel, type RedemptionState } from '@huiyuan/shared/mall-redemption'
import type { Keys } from '../keys'

interface Redemption {
  redemptionId: string
  rewardId: string
  title: string
  /** Which of the brand's drawings shows it. */
  art: string
  kind: RewardKind
  origin: 'mall' | 'gift'
  points: number
  state: RedemptionState
  cancelReason: CancelReason | null
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
  /** The right of early access that was used for it. */
  rightTitle: string | null
  /** What came back of a cancelled exchange, in points. */
  back: GivenBack | null
}

/** A redemption as the database tells it; times are ISO strings. */
export interface RedemptionRow extends Redemption {
  /** A partner's code as it lies at rest, in base64. Stored answers hold it so, too. */
  partnerSealed: string | null
}

/** What its owner sees of a redemption. */
export interface ShownRedemption extends Redemption {
  canCancel: boolean
  /** The partner's code, only for its owner. */
  partnerCode: string | null
}

/** Opens a partner's code on its way to the owner, and nowhere before. */
export const shownRedemption = (keys: Keys, { partnerSealed, ...row }: RedemptionRow): ShownRedemption => ({
  ...row,
  canCancel: mayCancel(row),
  partnerCode: partnerSealed === null ? null : keys.openText(Buffer.from(partnerSealed, 'base64')),
})
