import { useDidHide, useDidShow } from '@tarojs/taro'
import { useEffect, useRef, useState } from 'react'
import { type KeyEars, keyReader } from './key-reader'

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
    onOverrun: () => latest.current.onOverrun(),
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
    // and what was typed before it is over: it is no part of the next scan
    read('', event.timeStamp)
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
