import { type Fault, fault } from '@huiyuan/shared/faults'
import { isRingUpAmount } from '@huiyuan/shared/money'
import { type CartLine, type PricedLine, typedAmount } from '@huiyuan/shared/pricing'

/** Articles of the menu, an amount typed at the counter, or both; one of them at least. */
export interface Cart {
  lines?: { sku: string; qty: number }[] | undefined
  fullFen?: number | undefined
}

/** What the menu says of a cart's articles. */
export interface CartRows {
  lines: CartLine[]
  /** Rights of early access with a limit that let articles in. */
  earlyRights: string[]
  fault: Fault | null
}

/** A line as a till is told of it. */
export interface OrderLine {
  lineNo: number
  sku: string | null
  title: string
  qty: number
  unitFen: number
  fullFen: number
  payableFen: number
}

/** Whether a typed amount can be one; a cart of articles needs none. */
export const isCartTyped = ({ lines, fullFen }: Cart): boolean =>
  fullFen === undefined ? lines !== undefined && lines.length > 0 : isRingUpAmount(fullFen)

/** The lines to be priced, articles first, or why this cannot be rung up: what the menu refused, or a sum out of bounds. */
export function cartLinesOf({ fullFen }: Cart, rows: CartRows | null): { lines: CartLine[]; fault: Fault | null } {
  if (rows?.fault) return { lines: [], fault: rows.fault }
  const lines = [...(rows?.lines ?? []), ...(fullFen === undefined ? [] : [typedAmount(fullFen)])]
  const sum = lines.reduce((total, { unitFen, qty }) => total + unitFen * qty, 0)
  return isRingUpAmount(sum) ? { lines, fault: null } : { lines: [], fault: fault('AMOUNT_INVALID') }
}

/** Lines that are kept and told; an amount by itself is none. */
export const keptLines = (lines: readonly PricedLine[]): (OrderLine & { category: string | null })[] =>
  lines.some(({ sku }) => sku !== null)
    ? lines.map(({ lineNo, sku, title, category, qty, unitFen, fullFen, payableFen }) => ({
        ...{ lineNo, sku, title, category, qty, unitFen, fullFen, payableFen },
      }))
    : []

export const toldLines = (lines: readonly PricedLine[]): OrderLine[] =>
  keptLines(lines).map(({ category: _category, ...line }) => line)
