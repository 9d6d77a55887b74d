import { countText } from '@huiyuan/shared/money'
import { daysUntil } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useDidHide, useDidShow } from '@tarojs/taro'
import { useEffect, useRef, useState } from 'react'
import type { RouterOutputs } from '../../lib/api'
import { useOnline } from '../../lib/network'
import { refresh } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Icon } from '../../ui/icon'

type Card = RouterOutputs['home']['show']['card']

const ASK_MS = 6_000
/** A phone left lying with its code open stops asking after five minutes. */
const ASK_TIMES = 50

const FRESH_MS = 30_000

const sumOf = ({ points, pendingPoints }: Card) => points + pendingPoints

/** Says it as soon as the counter has rung up: the moment this page is for. `at` is when the card was true. */
export function JustEarned({ card, at }: { card: Card; at: number }) {
  useAskingAgain()
  const earned = sumOf(card) - useBefore(card, at)
  if (earned <= 0) return null
  const days = card.nextPendingAt ? daysUntil(new Date(card.nextPendingAt), new Date()) : 0
  return (
    <View id="just-earned" className="hy-arrived" {...aria({ role: 'alert' })}>
      <Icon name="check" size="m" />
      <View className="hy-note__main">
        <View className="hy-bold">{`刚刚得到 ${countText(earned)} 积分`}</View>
        <View className="hy-caption">{days > 0 ? `${days} 天退货期满后生效` : '现在就能用'}</View>
      </View>
    </View>
  )
}

/** What there was when the code came into sight, from an answer fresh enough to compare with. */
function useBefore(card: Card, at: number): number {
  const [since, setSince] = useState(Date.now)
  const before = useRef<{ since: number; sum: number } | null>(null)
  useDidHide(() => setSince(Date.now()))
  if (before.current?.since !== since && at > since - FRESH_MS) before.current = { since, sum: sumOf(card) }
  return before.current?.sum ?? sumOf(card)
}

/** While the code is in sight, the card is asked for again every few seconds. */
function useAskingAgain(): void {
  const { online } = useOnline()
  const [shown, setShown] = useState(true)
  useDidShow(() => setShown(true))
  useDidHide(() => setShown(false))
  useEffect(() => {
    if (!shown || !online) return
    let times = 0
    const timer = setInterval(() => {
      times++
      if (times > ASK_TIMES) clearInterval(timer)
      else void refresh('home')
    }, ASK_MS)
    return () => clearInterval(timer)
  }, [shown, online])
}
