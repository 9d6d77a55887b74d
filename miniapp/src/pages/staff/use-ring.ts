import { useState } from 'react'
import type { Key } from '../../ui/keypad'
import { fenOf, typed } from './amount'
import { type Cart, cartOf, entriesOf, type Pieces, withOne, withoutOne } from './cart'
import { menuFenOf, useMenu } from './use-menu'

/** The keypad, what is chosen, or a group of the menu by its id. */
export type RingPanel = 'keys' | 'chosen' | (string & {})

/** What is rung up: an amount on the keypad, articles of the menu, or both. */
export function useRing() {
  const menu = useMenu()
  const [amount, setAmount] = useState('')
  const [pieces, setPieces] = useState<Pieces>([])
  const [panel, setPanel] = useState<RingPanel>('keys')
  const typedFen = fenOf(amount)
  const entries = entriesOf(pieces)
  const menuFen = menuFenOf(menu.data, entries)
  const cart: Cart | null = cartOf(entries, typedFen)
  return {
    menu,
    amount,
    setAmount,
    entries,
    /** How many pieces of articles. */
    count: pieces.length,
    typedFen,
    menuFen,
    fullFen: typedFen + menuFen,
    cart,
    panel,
    setPanel,
    press: (key: Key) => setAmount((text) => typed(text, key)),
    add: (sku: string) => setPieces((before) => withOne(before, sku)),
    remove: (sku: string) => setPieces((before) => withoutOne(before, sku)),
    /** Takes back the last piece, or the amount where there is none. */
    undo: () => (pieces.length > 0 ? setPieces(pieces.slice(0, -1)) : setAmount('')),
    clear: () => {
      setAmount('')
      setPieces([])
      setPanel('keys')
    },
  }
}

export type Ring = ReturnType<typeof useRing>
