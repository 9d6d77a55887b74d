/**
 * The coupons beside a cart: which can be used, which are chosen, and what the receipt says of each.
 */
import { couponRefusal } from './coupon'
import { type Fault, fault } from './faults'
import { yuanText } from './money'
import type { Policy } from './policy'
import { ALONE, bestCombination, byText, type Combination, layCoupons, offOf, type Usable } from './price-combination'
import { type Basket, linesIn, type PricedLine, sumOf, takeOffLine } from './price-lines'
import { type PointsWish, pointsTermsOf } from './price-points'
import type { ReceiptLine } from './price-receipt'
import type { CouponChoice, JudgedCoupon, OfferedCoupon } from './pricing'
import { dayWords } from './time'

interface Facts {
  coupons: readonly OfferedCoupon[]
  choice: CouponChoice
  now: Date
  policy: Policy
  points: PointsWish
}

interface Judged {
  coupon: OfferedCoupon
  usable: Usable | null
  refusal: Fault | null
  /** The menu price of its lines, by which its threshold is told. */
  menuFen: number
  /** What it took off when it was laid; null for one that was not chosen. */
  laidFen: number | null
}

export interface LaidCoupons {
  receipt: ReceiptLine[]
  couponIds: string[]
  coupons: JudgedCoupon[]
  exact: boolean
}

export function layChosenCoupons(basket: Basket, facts: Facts): LaidCoupons {
  const judged = facts.coupons.map((coupon) => judge(basket, coupon, facts.now))
  const leftFen = basket.lines.map(({ payableFen }) => payableFen)
  const { usables, exact } = chosenOf(judged, leftFen, facts)
  const judgedOf = new Map(judged.map((own) => [own.coupon.couponId, own]))
  const laid = layCoupons(usables, leftFen).map(({ usable, shares }) => {
    const own = judgedOf.get(usable.coupon.couponId) as Judged
    own.laidFen = 0
    for (const [nth, at] of usable.at.entries()) {
      takeOffLine(basket.lines[at] as PricedLine, couponRule(usable.coupon), shares[nth] as number)
      own.laidFen += shares[nth] as number
    }
    return own
  })
  const others = judged.filter(({ laidFen }) => laidFen === null).sort(mostOffFirst)
  return {
    receipt: [
      ...laid.map((own) => appliedLine(own)),
      ...combinationLines(laid, exact, facts.choice),
      ...others.map((own) => otherLine(own, laid, facts)),
    ],
    couponIds: laid.map(({ coupon }) => coupon.couponId),
    coupons: [...laid, ...others].map(shown),
    exact,
  }
}

const couponRule = ({ couponId }: OfferedCoupon) => `coupon:${couponId}`

/** Whether a coupon is reached is told by the menu price of its lines; it takes off from what is left to pay of them. */
function judge(basket: Basket, coupon: OfferedCoupon, now: Date): Judged {
  const lines = linesIn(basket, coupon.scope)
  const menuFen = sumOf(lines, 'fullFen')
  const refusal = couponRefusal(coupon, lines.length > 0 ? menuFen : null, now)
  const judged: Judged = { coupon, usable: null, refusal, menuFen, laidFen: null }
  if (refusal) return judged
  const at = lines.map(({ lineNo }) => lineNo - 1)
  judged.usable = {
    coupon,
    terms: { ...coupon, thresholdFen: 0 },
    at,
    scopeKey: lines === basket.lines ? '' : at.join(),
    offFen: 0,
  }
  judged.usable.offFen = offOf(judged.usable, sumOf(lines, 'payableFen'))
  return judged
}

/** The best set, or of those asked for the ones that go together, the first asked first. */
function chosenOf(judged: readonly Judged[], leftFen: readonly number[], facts: Facts): Combination {
  const { choice, policy, points } = facts
  if (choice === 'none') return { usables: [], exact: true }
  const usables = judged.flatMap(({ usable }) => usable ?? [])
  if (choice === 'best') {
    return bestCombination(usables, leftFen, policy.couponsPerOrder, pointsTermsOf(points, policy))
  }
  const chosen: Usable[] = []
  const groups = new Set<string>()
  for (const couponId of new Set(choice)) {
    const own = judged.find(({ coupon }) => coupon.couponId === couponId)
    if (!own?.usable) continue
    const { stackingGroup } = own.coupon
    const alone = stackingGroup === ALONE || groups.has(ALONE)
    if (groups.has(stackingGroup) || (alone && chosen.length > 0) || chosen.length >= policy.couponsPerOrder) {
      own.refusal = fault('COUPON_STACK')
      continue
    }
    groups.add(stackingGroup)
    chosen.push(own.usable)
  }
  return { usables: chosen, exact: true }
}

/** Usable before refused, most off first; of two alike the one that ends sooner, then by id, so that no order of reading matters. */
const mostOffFirst = (a: Judged, b: Judged): number =>
  Number(a.refusal !== null) - Number(b.refusal !== null) ||
  (b.usable?.offFen ?? 0) - (a.usable?.offFen ?? 0) ||
  a.coupon.expiresAt.getTime() - b.coupon.expiresAt.getTime() ||
  byText(a.coupon.couponId, b.coupon.couponId)

const shown = ({ coupon, usable, refusal, laidFen }: Judged): JudgedCoupon => ({
  couponId: coupon.couponId,
  title: coupon.title,
  expiresAt: coupon.expiresAt,
  offFen: refusal ? 0 : (laidFen ?? usable?.offFen ?? 0),
  refusal,
  chosen: laidFen !== null,
})

const lineOf = ({ coupon }: Judged, state: ReceiptLine['state'], words: string, offFen = 0): ReceiptLine => ({
  rule: couponRule(coupon),
  kind: 'coupon',
  state,
  title: coupon.title,
  words,
  offFen,
})

function appliedLine(own: Judged): ReceiptLine {
  const offFen = own.laidFen ?? 0
  const basis = own.coupon.scope ? `可用商品菜单价 ${yuanText(own.menuFen)}，` : ''
  return lineOf(own, 'applied', `${basis}用券省 ${yuanText(offFen)}`, offFen)
}

/** Several coupons at once were weighed against every other set; where that was too many, the receipt says so. */
function combinationLines(laid: readonly Judged[], exact: boolean, choice: CouponChoice): ReceiptLine[] {
  if (choice !== 'best' || (exact && laid.length < 2)) return []
  const line = { rule: 'combination', kind: 'combination', state: 'applied', offFen: 0 } as const
  return exact
    ? [{ ...line, title: `${laid.length} 张券一起用`, words: '能一起用的都比过了，这样最省' }]
    : [{ ...line, title: '券太多，没有比完', words: '这是比过的里面最省的，也许还有更省的搭配' }]
}

function otherLine(own: Judged, laid: readonly Judged[], { choice, now, policy }: Facts): ReceiptLine {
  const { refusal, coupon } = own
  if (refusal?.code === 'COUPON_SHORT') {
    const missing = yuanText(refusal.detail.missingFen)
    return lineOf(own, 'near', coupon.scope ? `可用商品再买 ${missing} 可用` : `再买 ${missing} 可用`)
  }
  if (refusal && refusal.code !== 'COUPON_STACK') return lineOf(own, 'refused', refusalWords(refusal, now))
  return lineOf(own, 'refused', choice === 'none' ? '这一单不用券' : leftWords(own, laid, policy.couponsPerOrder))
}

/** Why a coupon that could be used is not among those laid. */
function leftWords({ coupon, usable }: Judged, laid: readonly Judged[], most: number): string {
  const lone = laid.find((own) => own.coupon.stackingGroup === ALONE)
  if (lone) return `「${lone.coupon.title}」要单独用`
  if (coupon.stackingGroup === ALONE && laid.length > 0) return '要单独用，换成它不更省'
  const rival = laid.find((own) => own.coupon.stackingGroup === coupon.stackingGroup)
  if (rival) return `和「${rival.coupon.title}」只能用一张`
  if (laid.length >= most) return `一单最多用 ${most} 张券`
  return usable?.offFen ? '这次没选它' : '已经没有可减的了'
}

function refusalWords(refusal: Fault, now: Date): string {
  switch (refusal.code) {
    case 'COUPON_NOT_OPEN':
      return `${dayWords(new Date(refusal.detail.opensAt), now)}起可用`
    case 'COUPON_OVER':
      return '已过期'
    case 'COUPON_SCOPE':
      return '这一单没有它能用的商品'
    default:
      return '已经在另一单里了'
  }
}
