import type { ITouchEvent } from '@tarojs/components'
import { aria } from './aria'

/** What makes a View a button: for fingers, keyboards and screen readers, on both targets. */
export function tapProps(onTap: () => void, label?: string) {
  const keys = process.env.TARO_ENV === 'h5' ? { tabIndex: 0, onKeyDown: onEnter(onTap) } : {}
  return { ...aria({ role: 'button', label }), ...keys, onClick: (_event?: ITouchEvent) => onTap() }
}

const onEnter = (onTap: () => void) => (event: { key?: string; preventDefault(): void }) => {
  if (event.key !== 'Enter' && event.key !== ' ') return
  event.preventDefault()
  onTap()
}
