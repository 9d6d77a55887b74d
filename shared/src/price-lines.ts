/**
 * The lines of a cart while they are priced: which of them a rule counts for, and how a discount is laid on them.
 */
import type { Scope } from './price-rule'

export interface CartLine {
  /** Null for an amount typed at the counter, which is one piece. */
  sku: string | null
  title: string
  category: string | null
  /** As on the menu. */
  unitFen: number
  qty: number
}

export interface PricedLine extends CartLine {
  /** From 1, in the order of the cart. */
  lineNo: number
  fullFen: number
  payableFen: number
  offs: { rule: string; offFen: number }[]
}

export interface Basket {
  lines: readonly PricedLine[]
  bySku: ReadonlyMap<string, PricedLine[]>
  byCategory: ReadonlyMap<string, PricedLine[]>
}

export function basketOf(cart: readonly CartLine[]): Basket {
  const bySku = new Map<string, PricedLine[]>()
  const byCategory = new Map<string, PricedLine[]>()
  const lines = cart.map(({ sku, title, category, unitFen, qty }, at): PricedLine => {
    const fullFen = unitFen * qty
    const line = { lineNo: at + 1, sku, title, category, unitFen, qty, fullFen, payableFen: fullFen, offs: [] }
    if (sku !== null) put(bySku, sku, line)
    if (sku !== null && category !== null) put(byCategory, category, line)
    return line
  })
  return { lines, bySku, byCategory }
}

function put(index: Map<string, PricedLine[]>, key: string, line: PricedLine) {
  const lines = index.get(key)
  if (lines) lines.push(line)
  else index.set(key, [line])
}

/** The lines that a scope holds, in the order of the cart. */
export function linesIn(basket: Basket, scope: Scope | null | undefined): readonly PricedLine[] {
  if (!scope) return basket.lines
  const { skus, categories, exceptSkus } = scope
  const named = skus || categories ? namedLines(basket, skus, categories) : basket.lines
  return exceptSkus?.length ? named.filter(({ sku }) => sku === null || !exceptSkus.includes(sku)) : named
}

function namedLines(
  { lines, bySku, byCategory }: Basket,
  skus: readonly string[] = [],
  categories: readonly string[] = [],
): readonly PricedLine[] {
  const found: PricedLine[][] = []
  for (const sku of skus) found.push(bySku.get(sku) ?? NONE)
  for (const category of categories) found.push(byCategory.get(category) ?? NONE)
  if (found.length <= 1) return found[0] ?? NONE
  const inside = new Uint8Array(lines.length + 1)
  for (const some of found) for (const { lineNo } of some) inside[lineNo] = 1
  return lines.filter(({ lineNo }) => inside[lineNo] === 1)
}

const NONE: PricedLine[] = []

export function sumOf(lines: readonly PricedLine[], of: 'fullFen' | 'payableFen' | 'qty'): number {
  let sum = 0
  for (const line of lines) sum += line[of]
  return sum
}

/**
 * `offFen` shared out by weight, in whole fen, by largest remainder; of equal remainders the earlier one gets the fen. No
 * share is above its weight while `offFen` is not above their sum, which stays below ¥900,000 for exact arithmetic.
 */
export function allocate(offFen: number, weights: readonly number[]): number[] {
  let whole = 0
  for (const weight of weights) whole += weight
  if (whole === 0 || offFen === 0) return weights.map(() => 0)
  if (offFen === whole) return [...weights]
  let missing = offFen
  const shares: number[] = []
  const rests: number[] = []
  for (const weight of weights) {
    const product = offFen * weight
    const share = Math.floor(product / whole)
    shares.push(share)
    rests.push(product - share * whole)
    missing -= share
  }
  if (missing === 0) return shares
  const order = rests.map((_, at) => at).sort((a, b) => (rests[b] as number) - (rests[a] as number) || a - b)
  for (let at = 0; at < missing; at++) (shares[order[at] as number] as number)++
  return shares
}

/** Lays a discount on lines, by what is left to pay of each. */
export function takeOff(lines: readonly PricedLine[], rule: string, offFen: number): void {
  if (offFen <= 0) return
  const shares = allocate(
    offFen,
    lines.map(({ payableFen }) => payableFen),
  )
  lines.forEach((line, at) => {
    takeOffLine(line, rule, shares[at] as number)
  })
}

export function takeOffLine(line: PricedLine, rule: string, offFen: number): void {
  if (offFen <= 0) return
  line.payableFen -= offFen
  line.offs.push({ rule, offFen })
}

/** What a percentage to pay takes off; half a fen is rounded up to pay. */
export const percentOff = (baseFen: number, payPercent: number): number =>
  Math.max(0, baseFen - Math.round((baseFen * payPercent) / 100))
