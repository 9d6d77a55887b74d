import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { useEffect, useRef, useState } from 'react'

const STEPS = 12
const STEP_MS = 20

/** A number of points; with `countUp` it climbs to a new value in a quarter of a second. */
export function Points({
  value,
  size,
  unit = '积分',
  countUp,
  id,
}: {
  value: number
  size?: 'm' | 'xl'
  unit?: string
  countUp?: boolean
  id?: string
}) {
  const shown = useCounted(value, countUp ?? false)
  return (
    <View {...(id ? { id } : {})} className={`hy-points${size ? ` hy-points--${size}` : ''}`}>
      <Text className="hy-points__n">{countText(shown)}</Text>
      <Text className="hy-points__u">{unit}</Text>
    </View>
  )
}

function useCounted(value: number, moving: boolean): number {
  const from = useRef(moving ? 0 : value)
  const [shown, setShown] = useState(from.current)
  useEffect(() => {
    if (!moving || still()) {
      setShown(value)
      return
    }
    const start = from.current
    let step = 0
    const timer = setInterval(() => {
      step++
      setShown(Math.round(start + ((value - start) * step) / STEPS))
      if (step === STEPS) clearInterval(timer)
    }, STEP_MS)
    from.current = value
    return () => clearInterval(timer)
  }, [value, moving])
  return shown
}

const still = () => process.env.TARO_ENV === 'h5' && window.matchMedia('(prefers-reduced-motion: reduce)').matches
