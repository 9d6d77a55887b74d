import { businessDay } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { HonourBadge } from '../../ui/honour-badge'
import { Sheet } from '../../ui/sheet'
import { tapProps } from '../../ui/tap'
import type { Shown } from './obligations'

type Honour = Shown['honours'][number]

/** What has been earned, and what could be; a tap tells how. */
export function Honours({ honours }: { honours: Honour[] }) {
  const [open, setOpen] = useState<Honour | null>(null)
  if (honours.length === 0) return null
  return (
    <View className="hy-panel ob-honours">
      <View className="ob-honours__head">
        <Text className="hy-bold">我的荣誉</Text>
        <Text className="hy-caption hy-2 hy-num">{`${honours.filter(({ held }) => held).length} / ${honours.length}`}</Text>
      </View>
      <View className="ob-honours__row">
        {honours.map((honour) => (
          <View
            key={honour.honourId}
            id={`honour-${honour.honourId}`}
            className="ob-honour"
            {...tapProps(() => setOpen(honour), `${honour.name}，${heldWords(honour)}`)}
          >
            <HonourBadge mark={honour.mark} held={honour.held} />
            <Text className={honour.held ? 'ob-honour__name hy-bold' : 'ob-honour__name hy-2'}>{honour.name}</Text>
            <Text className="hy-3">{heldWords(honour)}</Text>
          </View>
        ))}
      </View>
      <Sheet open={open !== null} onClose={() => setOpen(null)} title={open?.name ?? ''}>
        {open && (
          <View className="ob-medal">
            <HonourBadge mark={open.mark} held={open.held} large />
            <View className="hy-mt4">{open.words}</View>
            <View className="hy-caption hy-3 hy-mt1">{open.held ? heldWords(open) : '还没有得到'}</View>
          </View>
        )}
      </Sheet>
    </View>
  )
}

/** `长期`, `至 2027.06`, or not yet. */
function heldWords({ held, until }: Honour): string {
  if (!held) return '待获得'
  if (!until) return '长期'
  const { year, month } = businessDay(new Date(until))
  return `至 ${year}.${String(month).padStart(2, '0')}`
}
