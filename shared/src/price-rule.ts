/**
 * Rights that make a price, as the price reads them. An own right fits as it is; what is missing to a locked or used-up one
 * is said on the receipt.
 */

/**
 * What a rule or a coupon counts for: articles by number or by category, either suffices. Null is everything, also an amount
 * typed at the counter; a scope that names articles or categories never holds a typed amount.
 */
export interface Scope {
  skus?: readonly string[] | undefined
  categories?: readonly string[] | undefined
  exceptSkus?: readonly string[] | undefined
}

export interface RuleStanding {
  rightId: string
  title: string
  state: 'available' | 'used_up' | 'locked'
  /** When a used-up right can be used again; null for never. */
  backAt: Date | null
  /** What would unlock a locked one: either of the two, or a gift where both are null. */
  unlock: { tier: number | null; honourId: string | null } | null
}

/** From so many pieces, or so many fen, on: a percentage to pay, or fen off. */
export interface VolumeStep {
  from: number
  payPercent?: number | undefined
  offFen?: number | undefined
}

export interface MemberPrice {
  kind: 'member_price'
  /** sku → fen a piece. */
  payload: { prices: Readonly<Record<string, number>>; maxPieces?: number | null | undefined }
}

export interface TierDiscount {
  kind: 'tier_discount'
  payload: { payPercent: number; scope?: Scope | null | undefined }
}

/** Of all rules of one group the one that takes off most; several groups add up. */
export interface VolumeDiscount {
  kind: 'volume_discount'
  payload: { by: 'pieces' | 'amount'; steps: readonly VolumeStep[]; scope?: Scope | null | undefined; group: string }
}

export interface RepurchaseDiscount {
  kind: 'repurchase_discount'
  payload: { payPercent: number; withinDays: number; scope?: Scope | null | undefined }
}

export type PriceRule = RuleStanding & (MemberPrice | TierDiscount | VolumeDiscount | RepurchaseDiscount)
export type PriceRuleKind = PriceRule['kind']

/** The rules of one kind by their id, so that no order of reading matters. */
export const rulesOf = <K extends PriceRuleKind>(rules: readonly PriceRule[], kind: K) =>
  rules
    .filter((rule): rule is Extract<PriceRule, { kind: K }> => rule.kind === kind)
    .sort((a, b) => (a.rightId < b.rightId ? -1 : 1))
