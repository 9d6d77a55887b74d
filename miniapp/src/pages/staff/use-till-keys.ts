import { useRef } from 'react'
import type { Key } from '../../ui/keypad'
import { typed } from './amount'
import { isMemberCode } from './key-reader'
import type { Counter } from './use-counter'
import { useKeyReader } from './use-key-reader'
import { PICKUP_DIGITS } from './use-pick-up'

/** Where keys and scans of a till go: to the amount, or to the pick-up code while that is being asked for. */
export function useTillKeys(counter: Counter): void {
  const { phase, over, pickUp, cards, next, take } = counter
  const before = useRef('')
  const picking = over === 'pickup'
  useKeyReader({
    onKey: (key) => {
      if (picking) pickUp.press(key)
      else if (over === null) counter.press(key)
    },
    onBurst: () => {
      before.current = counter.amount
    },
    onScan: (code, digits) => {
      if (over === 'cards' && !isMemberCode(code)) return cards.read(digits + code)
      // nothing else that a till reads has letters
      if (/\D/.test(code)) return
      if (picking && !isMemberCode(code)) return void pickUp.read(code.slice(-PICKUP_DIGITS))
      if (!counter.locked && !picking) counter.setAmount(([...digits] as Key[]).reduce(typed, before.current))
      void counter.scan(code)
    },
    onEnter: () => {
      if (picking) void pickUp.hand()
      else if (over === null) void (phase.step === 'done' ? next() : take())
    },
  })
}
