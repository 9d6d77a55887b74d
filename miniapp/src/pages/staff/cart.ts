/** The most of one article, and the most articles, that one order takes. */
export const MOST_OF_ONE = 99
export const MOST_ARTICLES = 60

/** Every piece that is rung up, as it came: the last one can be taken back. */
export type Pieces = readonly string[]

export interface CartEntry {
  sku: string
  qty: number
}

/** What is rung up as the server takes it: articles, an amount in fen, or both. */
export type Cart = { fullFen: number } | { lines: CartEntry[]; fullFen?: number }

/** How many of each, in the order in which each came first. */
export function entriesOf(pieces: Pieces): CartEntry[] {
  const counts = new Map<string, number>()
  for (const sku of pieces) counts.set(sku, (counts.get(sku) ?? 0) + 1)
  return [...counts].map(([sku, qty]) => ({ sku, qty }))
}

/** One more of an article; the same pieces where no more of it fits into one order. */
export function withOne(pieces: Pieces, sku: string): Pieces {
  const entries = entriesOf(pieces)
  const there = entries.find((entry) => entry.sku === sku)
  const fits = there ? there.qty < MOST_OF_ONE : entries.length < MOST_ARTICLES
  return fits ? [...pieces, sku] : pieces
}

/** One less: the one that came last. */
export const withoutOne = (pieces: Pieces, sku: string): Pieces =>
  pieces.filter((_, n) => n !== pieces.lastIndexOf(sku))

/** Null while nothing is rung up. */
export function cartOf(entries: CartEntry[], typedFen: number): Cart | null {
  if (entries.length > 0) return { lines: entries, ...(typedFen > 0 ? { fullFen: typedFen } : {}) }
  return typedFen > 0 ? { fullFen: typedFen } : null
}
