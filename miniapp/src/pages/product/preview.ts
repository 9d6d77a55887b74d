import { earningOf } from '@huiyuan/shared/ledger'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { type CartLine, type Price, type PricingFacts, priceOrder, type ReceiptLine } from '@huiyuan/shared/pricing'
import type { Standing } from './facts'

/** An article of the menu, as a price asks for it. */
export interface Sold {
  sku: string
  title: string
  category: string
  priceFen: number
  state: 'on' | 'early' | 'soon'
}

/** What somebody wants of a price. */
export interface Wish {
  coupons: PricingFacts['choice']
  /** Whether points pay as much as they may. */
  points: boolean
}

export interface Preview {
  price: Price
  pieces: number
  /** Points that paying it earns. */
  earns: number
}

export const PLAIN_WISH: Wish = { coupons: 'best', points: false }

/** The lines of a cart by today's menu; what is not sold to this reader now is left out. */
export function linesOf(
  items: readonly { sku: string; qty: number }[],
  articles: ReadonlyMap<string, Sold>,
): CartLine[] {
  return items.flatMap(({ sku, qty }) => {
    const article = articles.get(sku)
    if (!article || article.state === 'soon') return []
    const { title, category, priceFen } = article
    return [{ sku, title, category, unitFen: priceFen, qty }]
  })
}

const factsFor = (standing: Standing, lines: readonly CartLine[], wish: Wish, now: Date): PricingFacts => ({
  tier: standing.tier,
  rules: standing.rules,
  bought: standing.bought,
  coupons: standing.coupons,
  lines,
  choice: wish.coupons,
  points: { ...standing.points, wanted: wish.points ? 'most' : 0 },
  maySpend: true,
  now,
  policy: DEMO_POLICY,
})

/** What this cart costs and earns: the same function that the counter asks. */
export function previewOf(standing: Standing, lines: readonly CartLine[], wish: Wish, now: Date): Preview {
  const offered = standing.coupons.map(({ couponId }) => couponId)
  // a coupon that is gone since it was ticked is no longer wished for
  const coupons = typeof wish.coupons === 'string' ? wish.coupons : wish.coupons.filter((id) => offered.includes(id))
  const facts = factsFor(standing, lines, { ...wish, coupons }, now)
  const plain = priceOrder(facts)
  // where points cannot pay, asking for them changes no price and brings the reason
  const price =
    plain.points.mostPoints > 0 ? plain : priceOrder({ ...facts, points: { ...facts.points, wanted: 'most' } })
  return {
    price,
    pieces: lines.reduce((sum, { qty }) => sum + qty, 0),
    earns: earningOf(price.payableFen, now, DEMO_POLICY, standing.earnPercent).points,
  }
}

const OF_ONE: readonly string[] = ['member_price', 'tier_discount']

/** What one piece of each article costs this member by itself, before anything that looks at a whole cart. */
export function piecePrices(standing: Standing, articles: Iterable<Sold>, now: Date): Map<string, number> {
  const rules = standing.rules.filter(({ kind }) => OF_ONE.includes(kind))
  const alone = { ...standing, rules, coupons: [] }
  const prices = new Map<string, number>()
  for (const { sku, title, category, priceFen } of articles) {
    const line = { sku, title, category, unitFen: priceFen, qty: 1 }
    prices.set(sku, priceOrder(factsFor(alone, [line], PLAIN_WISH, now)).payableFen)
  }
  return prices
}

const NEXT_STEP = /；(再买.+)$/
const MISSING = /再买 (?:¥([\d,.]+)|(\d+) 件)/
const FEW_PIECES = 2

/** Nobody doubles an order for a rule: so much at most is worth a word. */
function isWithinReach(words: string, fullFen: number): boolean {
  const [, yuan, pieces] = MISSING.exec(words) ?? []
  if (pieces !== undefined) return Number(pieces) <= FEW_PIECES
  return yuan !== undefined && Number(yuan.replace(/,/g, '')) * 200 <= fullFen
}

/** What a little more would bring: the next rule of the price within reach, a further step of one that counts already among them. */
export function hintOf({ receipt, fullFen }: Pick<Price, 'receipt' | 'fullFen'>): string | null {
  for (const line of receipt) {
    const words = line.state === 'near' ? nearWords(line) : NEXT_STEP.exec(line.words)?.[1]
    if (words && line.state !== 'refused' && isWithinReach(words, fullFen)) return words
  }
  return null
}

/** A coupon's line says only what is missing; which coupon stands behind it. */
const nearWords = ({ kind, title, words }: ReceiptLine): string =>
  kind === 'volume_discount' ? words : `${words}「${title}」`

/** A coupon as choosing asks for it. */
type Choosable = Pick<Standing['coupons'][number], 'couponId' | 'stackingGroup'>

const ALONE = 'alone'

/** The choice with this coupon in it, or without it: of a group the later one stays, and one that goes alone goes alone. */
export function toggled(chosen: readonly string[], couponId: string, coupons: readonly Choosable[]): string[] {
  if (chosen.includes(couponId)) return chosen.filter((id) => id !== couponId)
  const groupOf = new Map(coupons.map((coupon) => [coupon.couponId, coupon.stackingGroup]))
  const group = groupOf.get(couponId)
  if (group === ALONE) return [couponId]
  const beside = chosen.filter((id) => groupOf.get(id) !== group && groupOf.get(id) !== ALONE)
  return [...beside, couponId].slice(-DEMO_POLICY.couponsPerOrder)
}
