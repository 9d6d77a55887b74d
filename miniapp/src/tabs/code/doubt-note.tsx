import { View } from '@tarojs/components'
import { useDidHide } from '@tarojs/taro'
import { useEffect, useRef } from 'react'
import { lookAtClock, useClockDoubt } from '../../lib/code-clock'
import { useOnline } from '../../lib/network'
import { refresh } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'

/** Milliseconds of a clock that nobody can set; null where there is none. */
const steady = (): number | null => (typeof performance === 'undefined' ? null : (performance.now?.() ?? null))

/** Looks at the clock with each tick. Where there is no steady one, ticks that come while the page is shown stand for it. */
export function useWatchedClock(now: number, serverNow: number, everyMs: number): void {
  const before = useRef<{ wall: number; steady: number | null } | null>(null)
  useDidHide(() => {
    before.current = null
  })
  useEffect(() => {
    const last = before.current
    const at = steady()
    const steadyMs = last && at !== null && last.steady !== null ? at - last.steady : everyMs
    lookAtClock({ serverNow, passed: last && { steadyMs, wallMs: now - last.wall } })
    before.current = { wall: now, steady: at }
  }, [now, serverNow, everyMs])
}

/** Says that the code may be of another time, since this phone's clock was set; a fresh answer of the server mends it. */
export function DoubtNote() {
  const { doubt } = useClockDoubt()
  const { online } = useOnline()
  useEffect(() => {
    if (doubt && online) void refresh('home')
  }, [doubt, online])
  if (!doubt) return null
  return (
    <View id="clock-doubt" className="hy-note" {...aria({ role: 'alert' })}>
      <Icon name="warn" size="m" />
      <View className="hy-note__main">
        <View className="hy-bold">{doubt === 'went_back' ? '手机时间往回走了' : '手机时间被改过'}</View>
        <View className="hy-caption">现在的码店里可能扫不上。连一下网络，会自动对好时间。</View>
      </View>
      <View className="hy-note__way" {...tapProps(() => void refresh('home'), '联网对时')}>
        联网对时
      </View>
    </View>
  )
}
