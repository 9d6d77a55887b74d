/**
 * The price once more, slow and written another way: piece by piece, in BigInt, every legal combination of coupons tried. It
 * shares nothing with the rules but their types.
 */
import type { PriceRule, Scope } from './price-rule'
import type { OfferedCoupon, PricingFacts } from './pricing'

export interface ReferencePrice {
  payableFen: number
  linesFen: number[]
  pointsUsed: number
}

type Fen = bigint
const fen = (n: number): Fen => BigInt(n)
const least = (a: Fen, b: Fen) => (a < b ? a : b)

function holds(scope: Scope | null | undefined, sku: string | null, category: string | null): boolean {
  if (!scope) return true
  if (sku !== null && scope.exceptSkus?.includes(sku)) return false
  const namesNothing = scope.skus === undefined && scope.categories === undefined
  if (namesNothing) return true
  if (sku === null) return false
  return Boolean(scope.skus?.includes(sku) || (category !== null && scope.categories?.includes(category)))
}

/** One fen after the other to whom the most is still owed. */
function dealOut(off: Fen, weights: Fen[]): Fen[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n)
  if (whole === 0n) return weights.map(() => 0n)
  const shares = weights.map((weight) => (off * weight) / whole)
  for (let rest = off - shares.reduce((sum, share) => sum + share, 0n); rest > 0n; rest--) {
    let owed = 0
    weights.forEach((weight, at) => {
      if (off * weight - shares[at]! * whole > off * weights[owed]! - shares[owed]! * whole) owed = at
    })
    shares[owed]! += 1n
  }
  return shares
}

const takeAway = (left: Fen[], shares: Fen[]) => {
  for (const [at, share] of shares.entries()) left[at]! -= share
}

const toPay = (base: Fen, percent: number): Fen => (base * fen(percent) * 2n + 100n) / 200n

/** Lines that take a percentage together, each with a base of its own. */
function layPercent(left: Fen[], bases: Fen[], percent: number) {
  const whole = bases.reduce((sum, base) => sum + base, 0n)
  const paid = toPay(whole, percent)
  if (paid < whole) takeAway(left, dealOut(whole - paid, bases))
}

function available<K extends PriceRule['kind']>(facts: PricingFacts, kind: K) {
  const own = facts.rules.filter((rule) => rule.kind === kind && rule.state === 'available')
  return (own as Extract<PriceRule, { kind: K }>[]).sort((a, b) => (a.rightId > b.rightId ? 1 : -1))
}

function layTiers(facts: PricingFacts, left: Fen[]) {
  const rung = facts.policy.tiers.find(({ tier }) => tier === facts.tier)!
  const percents = [
    { percent: rung.payPercent, scope: null as Scope | null | undefined },
    ...available(facts, 'tier_discount').map(({ payload }) => ({ percent: payload.payPercent, scope: payload.scope })),
  ]
  const own = facts.lines.map((line) => {
    const fitting = percents.filter(({ scope }) => holds(scope, line.sku, line.category))
    const lowest = Math.min(...fitting.map(({ percent }) => percent))
    return fitting.find(({ percent }) => percent === lowest)!
  })
  const offers = available(facts, 'member_price').flatMap((rule) =>
    facts.lines.flatMap((line, at) => {
      const listed = line.sku === null ? undefined : rule.payload.prices[line.sku]
      const good = listed !== undefined && listed < line.unitFen && listed * 100 <= line.unitFen * own[at]!.percent
      return good ? [{ rule, at, price: listed }] : []
    }),
  )
  const open = facts.lines.map(({ qty }) => qty)
  const endless = facts.lines.map((_, at) =>
    Math.min(
      ...offers.filter((offer) => offer.at === at && offer.rule.payload.maxPieces == null).map(({ price }) => price),
    ),
  )
  const pieces = new Map(offers.map(({ rule }) => [rule.rightId, rule.payload.maxPieces ?? 0]))
  for (;;) {
    let [taken, saved] = [null as (typeof offers)[number] | null, -1]
    for (const offer of offers) {
      if (!pieces.get(offer.rule.rightId) || open[offer.at] === 0) continue
      const rival = endless[offer.at]!
      const tierCents = facts.lines[offer.at]!.unitFen * own[offer.at]!.percent
      const saves = (rival === Infinity ? tierCents : rival * 100) - offer.price * 100
      const better = rival === Infinity ? saves >= 0 : saves > 0
      if (better && saves > saved) [taken, saved] = [offer, saves]
    }
    if (!taken) break
    open[taken.at]! -= 1
    pieces.set(taken.rule.rightId, pieces.get(taken.rule.rightId)! - 1)
    left[taken.at]! -= fen(facts.lines[taken.at]!.unitFen - taken.price)
  }
  facts.lines.forEach(({ unitFen }, at) => {
    if (endless[at] === Infinity) return
    left[at]! -= fen((unitFen - endless[at]!) * open[at]!)
    open[at] = 0
  })
  for (const each of percents) {
    const bases = facts.lines.map(({ unitFen }, at) => (own[at] === each ? fen(unitFen * open[at]!) : 0n))
    layPercent(left, bases, each.percent)
  }
}

function layVolumes(facts: PricingFacts, left: Fen[]) {
  const rules = available(facts, 'volume_discount')
  for (const group of [...new Set(rules.map(({ payload }) => payload.group))].sort()) {
    let [most, where]: [Fen, boolean[]] = [0n, []]
    for (const { payload } of rules.filter((rule) => rule.payload.group === group)) {
      const inside = facts.lines.map(({ sku, category }) => holds(payload.scope, sku, category))
      let [reached, base] = [0, 0n]
      facts.lines.forEach(({ qty, unitFen }, at) => {
        if (!inside[at]) return
        reached += payload.by === 'pieces' ? qty : qty * unitFen
        base += left[at]!
      })
      for (const { from, payPercent, offFen } of payload.steps) {
        if (reached < from) continue
        const off = payPercent === undefined ? least(fen(offFen ?? 0), base) : base - toPay(base, payPercent)
        if (off > most) [most, where] = [off, inside]
      }
    }
    const weights = left.map((each, at) => (where[at] ? each : 0n))
    takeAway(left, dealOut(most, weights))
  }
}

function layRepurchases(facts: PricingFacts, left: Fen[]) {
  const rules = available(facts, 'repurchase_discount')
  const own = facts.lines.map(({ sku, category }) => {
    const fitting = rules.filter(({ payload: { scope, withinDays } }) => {
      const since = facts.now.getTime() - withinDays * 24 * 3_600_000
      return sku !== null && holds(scope, sku, category) && facts.bought.some((b) => b.sku === sku && +b.at >= since)
    })
    return fitting.reduce(
      (best, rule) => (rule.payload.payPercent < best.payload.payPercent ? rule : best),
      fitting[0]!,
    )
  })
  for (const rule of rules) {
    const bases = left.map((each, at) => (own[at] === rule ? each : 0n))
    layPercent(left, bases, rule.payload.payPercent)
  }
}

const linesOf = (facts: PricingFacts, { scope }: OfferedCoupon) =>
  facts.lines.flatMap(({ sku, category }, at) => (holds(scope, sku, category) ? [at] : []))

function isUsable(facts: PricingFacts, coupon: OfferedCoupon): boolean {
  const { state, heldUntil, expiresAt, validFrom, thresholdFen } = coupon
  const held = state === 'held' && heldUntil !== null && heldUntil > facts.now
  if (held || state === 'used' || state === 'voided' || expiresAt < facts.now || validFrom > facts.now) return false
  const at = linesOf(facts, coupon)
  return at.length > 0 && at.reduce((sum, i) => sum + facts.lines[i]!.unitFen * facts.lines[i]!.qty, 0) >= thresholdFen
}

function layCoupons(facts: PricingFacts, coupons: readonly OfferedCoupon[], left: Fen[]) {
  const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  const rank = (c: OfferedCoupon) => (c.kind === 'percent_off' ? 0 : 1)
  const order = [...coupons].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      linesOf(facts, a).length - linesOf(facts, b).length ||
      text(a.stackingGroup, b.stackingGroup) ||
      text(a.couponId, b.couponId),
  )
  for (const coupon of order) {
    const at = linesOf(facts, coupon)
    const base = at.reduce((sum, i) => sum + left[i]!, 0n)
    let off = coupon.kind === 'amount_off' ? fen(coupon.amountOffFen!) : (base * fen(100 - coupon.payPercent!)) / 100n
    if (coupon.maxOffFen !== null) off = least(off, fen(coupon.maxOffFen))
    const weights = left.map((each, i) => (at.includes(i) ? each : 0n))
    takeAway(left, dealOut(least(off, base), weights))
  }
}

/** Whole steps as long as they fit under the cap, counted up one by one. */
function layPoints({ points: { wanted, available: own, debt }, policy: { pointsCash } }: PricingFacts, left: Fen[]) {
  const { stepPoints, pointsPerYuan, capPercent } = pointsCash
  const whole = left.reduce((sum, each) => sum + each, 0n)
  const most = debt > 0 ? 0 : wanted === 'most' ? own : Math.min(own, wanted)
  const fits = (points: number) => (fen(points) * 10_000n) / fen(pointsPerYuan) <= whole * fen(capPercent)
  let used = 0
  while (used + stepPoints <= most && fits(used + stepPoints)) used += stepPoints
  takeAway(left, dealOut((fen(used) * 100n) / fen(pointsPerYuan), left))
  return used
}

const beforeCoupons = (facts: PricingFacts): Fen[] => {
  const left = facts.lines.map(({ unitFen, qty }) => fen(unitFen * qty))
  layTiers(facts, left)
  layVolumes(facts, left)
  layRepurchases(facts, left)
  return left
}

function priceFrom(facts: PricingFacts, before: Fen[], coupons: readonly OfferedCoupon[]): ReferencePrice {
  const left = [...before]
  layCoupons(facts, coupons, left)
  const pointsUsed = layPoints(facts, left)
  const linesFen = left.map(Number)
  return { payableFen: linesFen.reduce((sum, each) => sum + each, 0), linesFen, pointsUsed }
}

/** The price with exactly these coupons. */
export const priceWith = (facts: PricingFacts, couponIds: readonly string[]): ReferencePrice =>
  priceFrom(
    facts,
    beforeCoupons(facts),
    facts.coupons.filter(({ couponId }) => couponIds.includes(couponId)),
  )

const isLegal = (set: readonly OfferedCoupon[]) => {
  const groups = set.map(({ stackingGroup }) => stackingGroup)
  return new Set(groups).size === groups.length && (set.length === 1 || !groups.includes('alone'))
}

/** The least that any legal set of usable coupons leaves to pay, the empty one among them. */
export function leastByTrying(facts: PricingFacts): number {
  const before = beforeCoupons(facts)
  const usable = facts.coupons.filter((coupon) => isUsable(facts, coupon))
  let payable = priceFrom(facts, before, []).payableFen
  const grow = (set: OfferedCoupon[], from: number) => {
    for (let at = from; at < usable.length; at++) {
      const more = [...set, usable[at]!]
      if (!isLegal(more)) continue
      payable = Math.min(payable, priceFrom(facts, before, more).payableFen)
      if (more.length < facts.policy.couponsPerOrder) grow(more, at + 1)
    }
  }
  grow([], 0)
  return payable
}
