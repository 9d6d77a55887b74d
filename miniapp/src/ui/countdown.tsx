import { DAY_MS } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useEffect, useRef } from 'react'
import { useNow } from '../lib/clock'

const two = (count: number) => String(count).padStart(2, '0')

/** How long until `at`, told every second; `onOver` is called once it has come. */
export function Countdown({ at, onOver }: { at: string; onOver?: () => void }) {
  const left = Math.max(0, new Date(at).getTime() - useNow(1_000))
  const over = left === 0
  const told = useRef<string | null>(null)
  useEffect(() => {
    if (!over || told.current === at) return
    told.current = at
    onOver?.()
  }, [over, at, onOver])
  const seconds = Math.ceil(left / 1_000)
  const hours = Math.floor(((seconds * 1_000) % DAY_MS) / 3_600_000)
  const days = Math.floor((seconds * 1_000) / DAY_MS)
  const parts: [string, string][] = [
    ...(days > 0 ? [[String(days), '天'] as [string, string]] : []),
    [two(hours), '时'],
    [two(Math.floor(seconds / 60) % 60), '分'],
    [two(seconds % 60), '秒'],
  ]
  return (
    <View className="hy-countdown">
      {parts.map(([count, unit]) => (
        <View key={unit} className="hy-row">
          <Text className="hy-countdown__n">{count}</Text>
          <Text className="hy-countdown__u">{unit}</Text>
        </View>
      ))}
    </View>
  )
}
