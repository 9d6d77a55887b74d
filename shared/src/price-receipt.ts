/**
 * The receipt: every rule that had to do with the cart, in the order in which the price was made, with what it took off, why
 * it did not, or what is missing.
 */
import type { Policy } from './policy'
import type { PriceRule, PriceRuleKind } from './price-rule'
import { rungOf } from './tier'
import { dayWords } from './time'

export interface ReceiptLine {
  /** `tier_price`, `right:<id>`, `coupon:<id>`, `combination` or `points` */
  rule: string
  /** `combination` says how several coupons were chosen and takes nothing off by itself. */
  kind: 'tier_price' | PriceRuleKind | 'coupon' | 'combination' | 'points'
  state: 'applied' | 'refused' | 'near'
  title: string
  words: string
  offFen: number
}

/** `9 折`, `85 折`: what is still paid, as a shop says it. */
export const foldText = (payPercent: number): string => `${payPercent % 10 === 0 ? payPercent / 10 : payPercent} 折`

/** The line of a right; the words are that it took off so much, or why not. */
export const ruleLine = (
  { rightId, kind, title }: PriceRule,
  state: ReceiptLine['state'],
  words: string,
  offFen = 0,
): ReceiptLine => ({ rule: ruleId(rightId), kind, state, title, words, offFen })

export const ruleId = (rightId: string): string => `right:${rightId}`

/** Why a right of this cart is not there: what unlocks it, or when it is back. */
export function closedLine(rule: PriceRule, now: Date, policy: Policy): ReceiptLine {
  if (rule.state === 'used_up')
    return ruleLine(rule, 'refused', rule.backAt ? `次数用完了，${dayWords(rule.backAt, now)}再来` : '次数用完了')
  const { tier = null, honourId = null } = rule.unlock ?? {}
  const ways = [tier !== null && `到${rungOf(tier, policy).name}会员`, honourId !== null && '拿到专属荣誉'].filter(
    Boolean,
  )
  return ruleLine(rule, 'refused', `${ways.join('，或') || '收到专属礼包'}就有`)
}
