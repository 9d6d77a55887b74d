import { yuanText } from '@huiyuan/shared/money'
import type { Quote } from './phase'

/** What is worth a sentence while the amount can still be changed: a coupon that is almost reached, the way to the next tier. */
export function adviceOf({ fullFen, couponIds, coupons, receipt, tierAfter, words }: Quote, tier: number): string[] {
  const missing = coupons.flatMap(({ title, refusal }) =>
    refusal?.code === 'COUPON_SHORT' ? [{ title, fen: refusal.detail.missingFen }] : [],
  )
  const [nearest] = missing.sort((a, b) => a.fen - b.fen)
  // with one coupon taken the next one saves nothing; and nobody doubles an order for a coupon
  const near = nearest && couponIds.length === 0 && nearest.fen <= fullFen / 2 ? nearest : null
  // articles that are missing to a rule are few by nature
  const volume = receipt.find(({ kind, state }) => kind === 'volume_discount' && state === 'near')
  // the sentence of the quote counts this order already
  const rise = tierAfter > tier ? undefined : words[1]
  return [
    ...(volume ? [volume.words] : []),
    ...(near ? [`再加 ${yuanText(near.fen)}，能用「${near.title}」`] : []),
    ...(rise ? [`付完${rise}`] : []),
  ]
}
