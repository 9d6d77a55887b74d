/**
 * What a purchase costs this member now, rule by rule: the price of the tier first, then the one coupon that takes off most.
 * Whole fen; the same facts give the same receipt, and it says of each rule what it took off, or why it did not.
 */
import { type CouponLife, type CouponTerms, couponOffFen, couponRefusal } from './coupon'
import type { Fault } from './faults'
import { yuanText } from './money'
import type { Policy } from './policy'
import { rungOf } from './tier'
import { dayWords } from './time'

export interface ReceiptLine {
  /** `tier_price` or `coupon:<id>` */
  rule: string
  state: 'applied' | 'refused' | 'near'
  title: string
  words: string
  offFen: number
}

export interface OfferedCoupon extends CouponTerms, CouponLife {
  couponId: string
  title: string
}

/** The coupon that takes off most, none, or the one with this id. */
export type CouponChoice = 'best' | 'none' | (string & {})

export interface PricingFacts {
  fullFen: number
  tier: number
  coupons: OfferedCoupon[]
  choice: CouponChoice
  /** Only who shows a live code is surely the member whose price and coupons these are. */
  maySpend: boolean
  now: Date
  policy: Policy
}

/** A coupon of the member beside this purchase. */
export interface JudgedCoupon {
  couponId: string
  title: string
  expiresAt: Date
  /** What it takes off, or would if it were chosen; 0 when it is refused. */
  offFen: number
  refusal: Fault | null
  chosen: boolean
}

export interface Price {
  payableFen: number
  receipt: ReceiptLine[]
  couponId: string | null
  /** Those that take off most first, then those that cannot be used. */
  coupons: JudgedCoupon[]
}

/** I-P1: what is paid is the full price less what the lines took off, never below zero. */
export function priceOrder(facts: PricingFacts): Price {
  const { fullFen, maySpend, choice, now } = facts
  if (!maySpend) return { payableFen: fullFen, receipt: [CODE_FIRST], couponId: null, coupons: [] }
  const tierLine = tierPriceLine(facts)
  const tierFen = fullFen - (tierLine?.offFen ?? 0)
  const judged = facts.coupons.map((coupon) => judgedCoupon(coupon, fullFen, tierFen, now)).sort(mostOffFirst)
  const chosen = judged.find(
    ({ couponId, refusal, offFen }) => !refusal && (choice === 'best' ? offFen > 0 : couponId === choice),
  )
  const coupons = judged.map((coupon) => ({ ...coupon, chosen: coupon === chosen }))
  return {
    payableFen: tierFen - (chosen?.offFen ?? 0),
    receipt: [...(tierLine ? [tierLine] : []), ...coupons.map((coupon) => couponLine(coupon, facts))],
    couponId: chosen?.couponId ?? null,
    coupons,
  }
}

const CODE_FIRST: ReceiptLine = {
  rule: 'tier_price',
  state: 'refused',
  title: '会员价和券',
  words: '出示会员码才有会员价和券',
  offFen: 0,
}

/** `白银会员价 98 折`; nothing where the tier pays the full price. Half a fen is rounded for the member or the shop alike. */
function tierPriceLine({ fullFen, tier, policy }: PricingFacts): ReceiptLine | null {
  const { name, payPercent } = rungOf(tier, policy)
  const offFen = fullFen - Math.round((fullFen * payPercent) / 100)
  if (offFen <= 0) return null
  return {
    rule: 'tier_price',
    state: 'applied',
    title: `${name}会员价 ${payPercent % 10 === 0 ? payPercent / 10 : payPercent} 折`,
    words: `原价 ${yuanText(fullFen)}，会员省 ${yuanText(offFen)}`,
    offFen,
  }
}

/** Whether a coupon is reached is told by the full price, as on the menu; it takes off from what is left to pay. */
function judgedCoupon(coupon: OfferedCoupon, fullFen: number, tierFen: number, now: Date): Ranked {
  const { couponId, title, expiresAt } = coupon
  const refusal = couponRefusal(coupon, fullFen, now)
  return {
    couponId,
    title,
    expiresAt,
    offFen: refusal ? 0 : couponOffFen({ ...coupon, thresholdFen: 0 }, tierFen),
    refusal,
  }
}

type Ranked = Omit<JudgedCoupon, 'chosen'>

/** Usable before refused, most off first; of two alike the one that ends sooner, then by id, so that no order of reading matters. */
const mostOffFirst = (a: Ranked, b: Ranked): number =>
  Number(a.refusal !== null) - Number(b.refusal !== null) ||
  b.offFen - a.offFen ||
  a.expiresAt.getTime() - b.expiresAt.getTime() ||
  (a.couponId < b.couponId ? -1 : 1)

function couponLine(
  { couponId, title, offFen, refusal, chosen }: JudgedCoupon,
  { choice, now }: PricingFacts,
): ReceiptLine {
  const line = { rule: `coupon:${couponId}`, title, offFen: 0 }
  if (chosen) return { ...line, state: 'applied', words: `用券省 ${yuanText(offFen)}`, offFen }
  if (!refusal) return { ...line, state: 'refused', words: choice === 'none' ? '这一单不用券' : '一单用一张券' }
  if (refusal.code === 'COUPON_SHORT')
    return { ...line, state: 'near', words: `再买 ${yuanText(refusal.detail.missingFen)} 可用` }
  return { ...line, state: 'refused', words: refusalWords(refusal, now) }
}

function refusalWords(refusal: Fault, now: Date): string {
  switch (refusal.code) {
    case 'COUPON_NOT_OPEN':
      return `${dayWords(new Date(refusal.detail.opensAt), now)}起可用`
    case 'COUPON_OVER':
      return '已过期'
    default:
      return '已经在另一单里了'
  }
}
