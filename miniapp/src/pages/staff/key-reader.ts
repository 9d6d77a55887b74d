import { useDidHide, useDidShow } from '@tarojs/taro'
import { useEffect, useRef, useState } from 'react'
import type { Key } from '../../ui/keypad'

/** More digits in a row than an amount can have: a hand scanner, which types like a keyboard and ends with Enter. */
const SCAN_DIGITS = 8
const CODE_DIGITS = 18
const PAUSE_MS = 1_500

export interface KeyEars {
  /** A key of the amount. */
  onKey(key: Key): void
  /** Digits begin to come; should they turn out to be a scan, the amount goes back to what it is now. */
  onBurst(): void
  /** What was scanned, and the digits of an amount that fingers typed right before it. */
  onScan(code: string, typed: string): void
  onEnter(): void
}

type Heard = 'key' | 'scan' | 'enter' | null

/** Tells a hand scanner from fingers. `now` in ms; answers what the key was taken for. */
export function keyReader(ears: Omit<KeyEars, 'onEnter'>): (key: string, now: number) => Heard {
  let digits = ''
  let last = 0
  return (key, now) => {
    if (now - last > PAUSE_MS) digits = ''
    last = now
    if (/^\d$/.test(key)) {
      if (digits === '') ears.onBurst()
      digits += key
      ears.onKey(key as Key)
      return 'key'
    }
    const before = digits
    digits = ''
    if (key === 'Enter') {
      if (before.length < SCAN_DIGITS) return 'enter'
      ears.onScan(before.slice(-CODE_DIGITS), before.slice(0, -CODE_DIGITS))
      return 'scan'
    }
    if (key !== '.' && key !== 'Backspace') return null
    ears.onKey(key === '.' ? '.' : 'del')
    return 'key'
  }
}

const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable)
const isControl = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('button,[role=button]') !== null

/** Listens to the keyboard and the hand scanner of a till while the page is shown; a phone in WeChat has neither. */
export function useKeyReader(ears: KeyEars): void {
  const latest = useRef(ears)
  latest.current = ears
  const [shown, setShown] = useState(true)
  useDidShow(() => setShown(true))
  useDidHide(() => setShown(false))
  useEffect(() => {
    if (process.env.TARO_ENV !== 'h5' || !shown) return
    return listen(latest)
  }, [shown])
}

function listen(latest: { current: KeyEars }): () => void {
  const read = keyReader({
    onKey: (key) => latest.current.onKey(key),
    onBurst: () => latest.current.onBurst(),
    onScan: (code, typed) => latest.current.onScan(code, typed),
  })
  const hear = (event: KeyboardEvent) => {
    if (isField(event.target) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const heard = read(event.key, event.timeStamp)
    // Enter belongs to the control that was reached by keyboard; after a scan it must press nothing
    if (heard === null || (heard === 'enter' && isControl(event.target))) return
    event.preventDefault()
    event.stopPropagation()
    if (heard === 'enter') latest.current.onEnter()
  }
  // a control that a finger or a mouse pressed does not keep the focus, or Enter would press it again
  const release = (event: MouseEvent) => {
    const held = document.activeElement
    if (event.detail > 0 && held instanceof HTMLElement && !isField(held)) held.blur()
  }
  document.addEventListener('keydown', hear, true)
  document.addEventListener('click', release)
  return () => {
    document.removeEventListener('keydown', hear, true)
    document.removeEventListener('click', release)
  }
}
