import { useMemo } from 'react'
import { create } from 'zustand'
import { readerOf } from './query'
import { keep, kept } from './storage'
import { useHolder } from './tokens'

/** An article somebody thinks of, with what a coupon has to know of it; the menu says the rest. */
export interface CartItem {
  sku: string
  category: string
  unitFen: number
  qty: number
}

interface Cart {
  /** Whose it is; what nobody owned yet goes along with whoever joins. */
  who: string
  items: CartItem[]
}

const NAME = 'cart'
const MOST_OF_ONE = 99
const MOST_LINES = 60

const EMPTY: CartItem[] = []

/** What was picked on the menu to see its price; it stays on this phone and orders nothing. */
const useCart = create<Cart>(() => kept<Cart>(NAME) ?? { who: '', items: EMPTY })

const itemsOf = ({ who, items }: Cart, reader: string) => (who === '' || who === reader ? items : EMPTY)

/** The reader's own items, in the order in which they were picked. */
export function useItems(): CartItem[] {
  const cart = useCart()
  const { known } = useHolder()
  return useMemo(() => (known ? itemsOf(cart, readerOf()) : EMPTY), [cart, known])
}

/** How many of one article; whoever shows it is drawn again only when that changes. */
export const useQty = (sku: string): number =>
  useCart((cart) => itemsOf(cart, readerOf()).find((item) => item.sku === sku)?.qty ?? 0)

function hold(items: CartItem[]): void {
  const cart = { who: readerOf(), items }
  keep(NAME, items.length > 0 ? cart : null)
  useCart.setState(cart)
}

/** Takes so many of an article, none to take it out; a cart that is full takes no further line. */
export function pick(item: CartItem): void {
  const items = itemsOf(useCart.getState(), readerOf())
  const qty = Math.max(0, Math.min(MOST_OF_ONE, item.qty))
  const others = items.filter(({ sku }) => sku !== item.sku)
  const room = others.length < items.length || items.length < MOST_LINES
  if (qty === 0) hold(others)
  else if (room)
    hold(items.length === others.length ? [...items, { ...item, qty }] : items.map(taking({ ...item, qty })))
}

const taking = (item: CartItem) => (one: CartItem) => (one.sku === item.sku ? item : one)

export const emptyCart = (): void => hold(EMPTY)

/** Takes out what can no longer be bought, and learns the prices of today. */
export function renewCart(prices: ReadonlyMap<string, { category: string; unitFen: number }>): void {
  const items = itemsOf(useCart.getState(), readerOf())
  const renewed = items.flatMap((item) => {
    const now = prices.get(item.sku)
    return now ? [{ ...item, ...now }] : []
  })
  if (JSON.stringify(renewed) !== JSON.stringify(items)) hold(renewed)
}
