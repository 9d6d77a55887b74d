import Taro from '@tarojs/taro'
import { useEffect, useRef } from 'react'
import type { Key } from '../../ui/keypad'
import { typed } from './amount'
import { isMemberCode } from './key-reader'
import { commandOf, type TillCommand } from './till-command'
import type { Counter } from './use-counter'
import { useKeyReader } from './use-key-reader'
import { articleFor } from './use-menu'
import { PICKUP_DIGITS } from './use-pick-up'

/** Payment codes and the like are as long as a member code and no article of any menu. */
const LONGEST_ARTICLE = 14

const say = (title: string) => void Taro.showToast({ title, icon: 'none' })

/** Where keys and scans of a till go: to the amount, the articles, the customer, or the till itself. */
export function useTillKeys(counter: Counter): void {
  const { phase, over, pickUp, cards, ring, next, take, locked } = counter
  const before = useRef('')
  const picking = over === 'pickup'
  const command = useCommands(counter)
  const restore = (digits = '') => {
    if (!locked && !picking) ring.setAmount(([...digits] as Key[]).reduce(typed, before.current))
  }
  const article = (barcode: string) => {
    const found = ring.menu.data && articleFor(ring.menu.data, barcode)
    if (phase.step === 'held' || (locked && phase.step !== 'done')) return say('先收好这一笔')
    if (!found) return say(ring.menu.data ? '菜单里没有这个条码' : '菜单还没取到，稍等再扫')
    // what is scanned after the end is the first piece of the next customer
    if (phase.step === 'done') next()
    ring.add(found.sku)
    ring.setPanel('chosen')
  }
  useKeyReader({
    onKey: (key) => {
      if (picking) pickUp.press(key)
      else if (over === null) counter.press(key)
    },
    onBurst: () => {
      before.current = ring.amount
    },
    onOverrun: () => restore(),
    onScan: (code, digits) => {
      if (over === 'cards' && !isMemberCode(code)) return cards.read(digits + code)
      const wish = commandOf(code)
      if (wish) return command(wish)
      // nothing else that a till reads has letters
      if (/\D/.test(code)) return
      if (picking && !isMemberCode(code)) return void pickUp.read(code.slice(-PICKUP_DIGITS))
      restore(digits)
      if (!isMemberCode(code) && code.length <= LONGEST_ARTICLE) return article(code)
      void counter.scan(code)
    },
    onEnter: () => {
      if (picking) void pickUp.hand()
      else if (over === null) void (phase.step === 'done' ? next() : take())
    },
  })
}

/** What the card beside the till does. Told to pay while the price is still being asked, it pays once the price is there. */
function useCommands(counter: Counter): (command: TillCommand | 'unknown') => void {
  const { phase, ring, way, locked, quote, take, next, release, withPoints, setWithPoints, setOver } = counter
  const paying = useRef(false)
  const ready = phase.step === 'ring' && way !== null && quote.now !== undefined
  useEffect(() => {
    if (!ready || !paying.current) return
    paying.current = false
    void take()
  }, [ready])
  // what is rung up afterwards is not what was meant to be paid, and a refusal is read first
  const rung = JSON.stringify(ring.cart)
  useEffect(() => {
    paying.current = false
  }, [rung, phase.step, quote.fault])

  const pay = () => {
    if (phase.step === 'held') return void take()
    if (phase.step !== 'ring') return say(phase.step === 'done' ? '这一单已经收好了' : '先扫顾客的会员码')
    if (!ring.cart) return say('先输入金额，或者扫商品')
    if (ready || locked || way === 'settle') return void take()
    paying.current = true
  }
  const back = (work: () => void) => () => {
    if (phase.step === 'held') void release()
    else if (!locked) work()
  }
  const work: Record<TillCommand, () => void> = {
    pay,
    next: () => (phase.step === 'held' || counter.sale.busy ? say('先收好这一笔') : next()),
    points: () => {
      if (phase.step === 'ring' && phase.visit.maySpend && !locked) setWithPoints(!withPoints)
      else say(phase.step === 'ring' ? '出示会员码才能用积分' : '先扫会员码和商品')
    },
    undo: back(ring.undo),
    clear: back(ring.clear),
  }
  return (command) => {
    if (command === 'unknown') return say('不认识这个指令码')
    setOver(null)
    work[command]()
  }
}
