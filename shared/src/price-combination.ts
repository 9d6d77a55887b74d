/**
 * The best legal combination of coupons: at most so many, at most one of a stacking group, `alone` with no other. Branch and
 * bound over the order in which coupons are laid, so it is exact unless the bound on its steps ends it.
 */
import { type CouponTerms, couponOffFen } from './coupon'
import { allocate } from './price-lines'
import { leastAfterPoints, type PointsTerms, payableAfterPoints } from './price-points'
import type { OfferedCoupon } from './pricing'

export const ALONE = 'alone'

/** How many sets of coupons are tried at most: more than there are of up to three out of sixty. */
const MOST_TRIES = 40_000

/** A usable coupon beside the cart. */
export interface Usable {
  coupon: OfferedCoupon
  /** Its terms without the threshold, which is reached. */
  terms: CouponTerms
  /** Indices of the lines of its scope. */
  at: readonly number[]
  /** The same for all coupons that count for the same lines. */
  scopeKey: string
  /** What it takes off where no other coupon is used; beside others never more. */
  offFen: number
}

export interface Combination {
  usables: readonly Usable[]
  exact: boolean
}

/** Percentages first, then amounts; of each the one for fewer lines first, then by group and id. */
export const layingOrder = (a: Usable, b: Usable): number =>
  Number(a.coupon.kind === 'amount_off') - Number(b.coupon.kind === 'amount_off') ||
  a.at.length - b.at.length ||
  byText(a.coupon.stackingGroup, b.coupon.stackingGroup) ||
  byText(a.scopeKey, b.scopeKey) ||
  a.coupon.expiresAt.getTime() - b.coupon.expiresAt.getTime() ||
  byText(a.coupon.couponId, b.coupon.couponId)

export const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/** What one coupon takes off its lines, given what is left of them. */
export const offOf = ({ terms }: Usable, leftFen: number): number => couponOffFen(terms, leftFen)

/** Lays coupons one after the other on `leftFen` by line, which is changed; returns what each takes off of which line. */
export function layCoupons(usables: readonly Usable[], leftFen: number[]): { usable: Usable; shares: number[] }[] {
  return [...usables].sort(layingOrder).map((usable) => {
    const weights = usable.at.map((at) => leftFen[at] as number)
    const shares = allocate(offOf(usable, sum(weights)), weights)
    usable.at.forEach((at, nth) => {
      ;(leftFen[at] as number) -= shares[nth] as number
    })
    return { usable, shares }
  })
}

const sum = (parts: readonly number[]) => {
  let whole = 0
  for (const part of parts) whole += part
  return whole
}

/**
 * Leaves out what another one of the same group and for the same lines replaces without loss: all terms alike, or, where
 * `stronger` may replace weaker, taking off at least as much whatever is left.
 */
function undominated(usables: readonly Usable[], stronger: boolean): Usable[] {
  const kept = new Map<string, Usable[]>()
  for (const usable of usables) {
    const key = `${usable.coupon.kind} ${usable.coupon.stackingGroup} ${usable.scopeKey}`
    const rivals = kept.get(key)
    if (!rivals) kept.set(key, [usable])
    else if (!rivals.some((rival) => isAsGood(rival, usable, stronger)))
      kept.set(key, [...rivals.filter((rival) => !isAsGood(usable, rival, stronger)), usable])
  }
  const left = new Set([...kept.values()].flat())
  return usables.filter((usable) => left.has(usable))
}

const capOf = ({ coupon }: Usable) => coupon.maxOffFen ?? Infinity
/** An amount beyond its own cap is the cap. */
const amountOf = (usable: Usable) => Math.min(usable.coupon.amountOffFen ?? 0, capOf(usable))
const payOf = ({ coupon }: Usable) => coupon.payPercent ?? 100

function isAsGood(a: Usable, b: Usable, stronger: boolean): boolean {
  if (a.coupon.kind === 'amount_off') return stronger ? amountOf(a) >= amountOf(b) : amountOf(a) === amountOf(b)
  if (stronger) return payOf(a) <= payOf(b) && capOf(a) >= capOf(b)
  return payOf(a) === payOf(b) && capOf(a) === capOf(b)
}

/** Whether any two coupons count for the same lines or for none in common: then they do not change each other's worth. */
function areApart(usables: readonly Usable[]): boolean {
  const ownerOf = new Map<number, string>()
  const seen = new Set<string>()
  for (const { at, scopeKey } of usables) {
    if (seen.has(scopeKey)) continue
    seen.add(scopeKey)
    for (const line of at) {
      if (ownerOf.has(line)) return false
      ownerOf.set(line, scopeKey)
    }
  }
  return true
}

interface Search {
  order: readonly Usable[]
  /** By the same index: where its lines stand in what is left to pay. */
  places: readonly (readonly number[])[]
  most: number
  /** By index and number of coupons still allowed: the most that those from the index on could take off together. */
  hopes: readonly (readonly number[])[]
  terms: PointsTerms
  chosen: Usable[]
  groups: Set<string>
  best: readonly Usable[]
  /** What the best set leaves to pay after points, and before them. */
  payableFen: number
  leftFen: number
  tries: number
}

/**
 * The legal set that leaves least to pay, points counted along; of equal ones the one that takes off more by itself, then the
 * first in the order of laying. `leftFen` is by line.
 */
export function bestCombination(
  usables: readonly Usable[],
  leftFen: readonly number[],
  most: number,
  terms: PointsTerms,
): Combination {
  const worth = usables.filter(({ offFen }) => offFen > 0).sort(layingOrder)
  // with points in whole steps more off may be more to pay, so that only what is alike can stand for another
  const apart = areApart(worth)
  const order = undominated(worth, apart && Math.min(terms.wantedSteps, terms.affordable) === 0)
  const { places, lines } = apart ? folded(order, leftFen) : { places: order.map(({ at }) => at), lines: leftFen }
  const left = sum(leftFen)
  const search: Search = {
    order,
    places,
    most,
    hopes: hopesOf(order, most),
    terms,
    chosen: [],
    groups: new Set(),
    best: [],
    payableFen: payableAfterPoints(left, terms),
    leftFen: left,
    tries: 0,
  }
  if (most > 0) extend(search, 0, lines, left)
  return { usables: search.best, exact: search.tries <= MOST_TRIES }
}

/** Scopes that do not overlap in part are as good as one line each. */
function folded(order: readonly Usable[], leftFen: readonly number[]) {
  const lines: number[] = []
  const placeOf = new Map<string, number[]>()
  const places = order.map(({ at, scopeKey }) => {
    const known = placeOf.get(scopeKey)
    if (known) return known
    const place = [lines.push(sum(at.map((line) => leftFen[line] as number))) - 1]
    placeOf.set(scopeKey, place)
    return place
  })
  return { places, lines }
}

function hopesOf(order: readonly Usable[], most: number): number[][] {
  const hopes: number[][] = []
  const ofGroup = new Map<string, number>()
  for (let from = order.length - 1; from >= 0; from--) {
    const { coupon, offFen } = order[from] as Usable
    ofGroup.set(coupon.stackingGroup, Math.max(ofGroup.get(coupon.stackingGroup) ?? 0, offFen))
    const sums = [0]
    for (const off of [...ofGroup.values()].sort((a, b) => b - a).slice(0, most))
      sums.push((sums[sums.length - 1] as number) + off)
    hopes[from] = sums
  }
  return hopes
}

/** Whether up to `allowed` more coupons, from `from` on, could better the best set where `leftFen` is left to pay. */
function isHopeful(
  { hopes, terms, payableFen, leftFen: bestLeft }: Search,
  from: number,
  allowed: number,
  leftFen: number,
) {
  const sums = hopes[from]
  if (!sums) return false
  const least = Math.max(0, leftFen - (sums[Math.min(allowed, sums.length - 1)] as number))
  const payable = leastAfterPoints(least, terms)
  return payable < payableFen || (payable === payableFen && least < bestLeft)
}

function weigh(search: Search, leftFen: number) {
  const payable = payableAfterPoints(leftFen, search.terms)
  if (payable > search.payableFen || (payable === search.payableFen && leftFen >= search.leftFen)) return
  search.best = [...search.chosen]
  search.payableFen = payable
  search.leftFen = leftFen
}

/** Tries every coupon from `from` on as the next one after those chosen, which left `lines` to pay, `leftFen` in all. */
function extend(search: Search, from: number, lines: readonly number[], leftFen: number): void {
  const { order, places, most, chosen, groups } = search
  const allowed = most - chosen.length
  const basesFen = new Map<string, number>()
  for (let nth = from; nth < order.length; nth++) {
    if (!isHopeful(search, nth, allowed, leftFen)) return
    const usable = order[nth] as Usable
    const { stackingGroup } = usable.coupon
    if (groups.has(stackingGroup) || (stackingGroup === ALONE && chosen.length > 0)) continue
    if (++search.tries > MOST_TRIES) return
    const at = places[nth] as readonly number[]
    const off = offOf(usable, baseOf(usable.scopeKey, at, lines, basesFen))
    if (off === 0) continue
    chosen.push(usable)
    weigh(search, leftFen - off)
    if (allowed > 1 && stackingGroup !== ALONE && isHopeful(search, nth + 1, allowed - 1, leftFen - off)) {
      groups.add(stackingGroup)
      extend(search, nth + 1, leftAfter(at, off, lines), leftFen - off)
      groups.delete(stackingGroup)
    }
    chosen.pop()
  }
}

/** What is left of the lines of a scope, summed once for all coupons of that scope. */
function baseOf(
  scopeKey: string,
  at: readonly number[],
  lines: readonly number[],
  basesFen: Map<string, number>,
): number {
  const known = basesFen.get(scopeKey)
  if (known !== undefined) return known
  let base = 0
  for (const line of at) base += lines[line] as number
  basesFen.set(scopeKey, base)
  return base
}

function leftAfter(at: readonly number[], offFen: number, lines: readonly number[]): number[] {
  const left = [...lines]
  const weights = at.map((line) => lines[line] as number)
  allocate(offFen, weights).forEach((share, nth) => {
    ;(left[at[nth] as number] as number) -= share
  })
  return left
}
