import { clockText, daysUntil, dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import type { ReactNode } from 'react'
import type { Trouble } from '../lib/api'
import { faultText, type WayOut } from '../lib/fault-text'
import { toTab } from '../lib/nav'
import type { Read } from '../lib/query'
import { aria } from './aria'
import { Button } from './button'
import { Icon } from './icon'
import { tapProps } from './tap'

const WAY_WORDS: Record<Exclude<WayOut, 'none'>, string> = { retry: '重试', sign_in: '去登录', join: '去入会' }

/** A fault in words, with the way out beside it. */
export function FaultNote({ fault, onRetry }: { fault: Trouble; onRetry?: () => void }) {
  const { title, detail, way } = faultText(fault)
  const go = way === 'retry' ? onRetry : way === 'sign_in' || way === 'join' ? () => toTab('home') : undefined
  return (
    <View className="hy-note" {...aria({ role: 'alert' })}>
      <Icon name="warn" size="m" />
      <View className="hy-note__main">
        <View className="hy-bold">{title}</View>
        {detail && <View className="hy-caption">{detail}</View>}
      </View>
      {go && way !== 'none' && (
        <View className="hy-note__way" {...tapProps(go, WAY_WORDS[way])}>
          <Text>{WAY_WORDS[way]}</Text>
        </View>
      )}
    </View>
  )
}

/** Says that what is shown is old, and how old. */
export function OfflineNote({ at, onRetry }: { at: number; onRetry: () => void }) {
  const then = new Date(at)
  const now = new Date()
  const day = daysUntil(then, now) === 0 ? '今天' : dayWords(then, now)
  return (
    <View className="hy-note hy-note--quiet" {...aria({ role: 'alert' })}>
      <Icon name="off" size="m" />
      <View className="hy-note__main">
        <View className="hy-bold">没有网络</View>
        <View className="hy-caption">{`这是${day} ${clockText(then)} 的数据`}</View>
      </View>
      <View className="hy-note__way hy-brandly" {...tapProps(onRetry, '重试')}>
        <Text>重试</Text>
      </View>
    </View>
  )
}

export const SlowNote = () => <View className="hy-slow">有点慢，还在取，请稍等</View>

const Line = () => (
  <View className="hy-cell">
    <View className="hy-sk hy-sk--dot" />
    <View className="hy-cell__main">
      <View className="hy-sk hy-sk--line" />
      <View className="hy-sk hy-sk--short" />
    </View>
  </View>
)

interface SkeletonWish {
  /** A list in one panel, the same below a card, or panels that each have a button. */
  kind?: 'card' | 'list' | 'panels'
  rows?: number
}

/** The shape of what is coming, before it is there. */
export const Skeleton = ({ kind = 'list', rows = 3 }: SkeletonWish) => {
  const lines = Array.from({ length: rows }, (_, row) => row)
  return (
    <View {...aria({ role: 'img', label: '正在打开' })}>
      {kind === 'card' && <View className="hy-sk hy-sk--card" />}
      {kind === 'panels' ? (
        lines.map((row) => (
          <View key={row} className="hy-panel hy-sk-panel">
            <Line />
            <View className="hy-sk hy-sk--button" />
          </View>
        ))
      ) : (
        <View className={`hy-panel${kind === 'card' ? ' hy-mt5' : ''}`}>
          {lines.map((row) => (
            <Line key={row} />
          ))}
        </View>
      )}
    </View>
  )
}

export const Empty = ({
  title,
  sub,
  action,
  onAction,
}: {
  title: string
  sub?: string
  action?: string
  onAction?: () => void
}) => (
  <View className="hy-empty">
    <Icon name="bowl" className="hy-empty__art" />
    <View className="hy-title">{title}</View>
    {sub && <View className="hy-2 hy-mt1">{sub}</View>}
    {action && onAction && (
      <Button small onTap={onAction}>
        {action}
      </Button>
    )}
  </View>
)

/** One place for what a page that reads can look like: coming, slow, refused, old, there. */
export function States<T>({
  read,
  skeleton,
  children,
}: {
  read: Read<T>
  skeleton?: ReactNode
  children: (data: T) => ReactNode
}) {
  const again = () => void read.reload()
  if (read.data === undefined) {
    if (read.fault) return <FaultNote fault={read.fault} onRetry={again} />
    return (
      <View>
        {skeleton ?? <Skeleton />}
        {read.slow && <SlowNote />}
      </View>
    )
  }
  return (
    <View>
      {read.offline && <OfflineNote at={read.at} onRetry={again} />}
      {!read.offline && read.fault && <FaultNote fault={read.fault} onRetry={again} />}
      {children(read.data)}
    </View>
  )
}
