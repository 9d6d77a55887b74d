import {
  type CouponKind,
  type CouponLife,
  type CouponStacking,
  type CouponState,
  type CouponTerms,
  type ShownCouponState,
  shownCouponState,
} from '@huiyuan/shared/coupon'
import type { ScopeNames } from '@huiyuan/shared/coupon-words'

/** A coupon with its terms as the database tells it; instants are ISO text. */
export interface CouponRow extends CouponTerms, CouponStacking {
  couponId: string
  templateId: string
  title: string
  state: CouponState
  validFrom: string
  expiresAt: string
  heldUntil: string | null
  usedAt: string | null
  rules: string
  scopeNames: ScopeNames | null
  effectKind: string
}

export interface ShownCoupon extends CouponStacking {
  couponId: string
  templateId: string
  title: string
  kind: CouponKind
  amountOffFen: number | null
  payPercent: number | null
  thresholdFen: number
  state: ShownCouponState
  validFrom: string
  expiresAt: string
  usedAt: string | null
  rules: string
  scopeNames: ScopeNames | null
  from: CouponSource
}

export type CouponSource = 'gift' | 'order' | 'mall' | 'claim' | 'obligation'

const SOURCES: Record<string, CouponSource> = {
  gift: 'gift',
  order: 'order',
  redemption: 'mall',
  claim: 'claim',
  obligation: 'obligation',
}

export const lifeOf = ({ state, validFrom, expiresAt, heldUntil }: CouponRow): CouponLife => ({
  state,
  validFrom: new Date(validFrom),
  expiresAt: new Date(expiresAt),
  heldUntil: heldUntil === null ? null : new Date(heldUntil),
})

export const shownCoupon = (row: CouponRow, now: Date): ShownCoupon => ({
  couponId: row.couponId,
  templateId: row.templateId,
  title: row.title,
  kind: row.kind,
  amountOffFen: row.amountOffFen,
  payPercent: row.payPercent,
  thresholdFen: row.thresholdFen,
  stackingGroup: row.stackingGroup,
  scope: row.scope,
  state: shownCouponState(lifeOf(row), now),
  validFrom: row.validFrom,
  expiresAt: row.expiresAt,
  usedAt: row.usedAt,
  rules: row.rules,
  scopeNames: row.scopeNames,
  from: SOURCES[row.effectKind] ?? 'claim',
})
