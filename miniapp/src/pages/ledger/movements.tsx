import { View } from '@tarojs/components'
import { useReachBottom } from '@tarojs/taro'
import { useState } from 'react'
import { Chip } from '../../ui/blocks'
import { Empty, States } from '../../ui/states'
import { Lines } from './lines'
import { KINDS, type Kind, useLines } from './use-lines'

const NOTHING: Record<Kind, { title: string; sub: string }> = {
  all: { title: '这里还空着', sub: '下次结账前出示会员码，积分就记在这里' },
  earned: { title: '还没有得到过积分', sub: '下次结账前出示会员码，每消费 1 元得 1 积分' },
  spent: { title: '还没有用过积分', sub: '用掉的每一笔都会记在这里' },
  expired: { title: '没有到期的积分', sub: '一分都没有浪费，真好' },
  growth: { title: '还没有成长值', sub: '每消费 1 元得 1 成长值，攒够就升级' },
}

/** The movements, by kind when asked. */
export function Movements() {
  const [kind, setKind] = useState<Kind>('all')
  return (
    <View>
      <View className="hy-chips">
        {KINDS.map((one) => (
          <Chip key={one.kind} on={kind === one.kind} onTap={() => setKind(one.kind)}>
            {one.name}
          </Chip>
        ))}
      </View>
      {/* a list of its own for each kind: none starts with the lines of another */}
      <OfKind key={kind} kind={kind} />
    </View>
  )
}

function OfKind({ kind }: { kind: Kind }) {
  const { first, lines, hasMore, busy, fault, more } = useLines(kind)
  useReachBottom(() => void more())
  return (
    <States read={first}>
      {() =>
        lines.length === 0 ? (
          <Empty {...NOTHING[kind]} />
        ) : (
          <Lines lines={lines} ended={!hasMore} busy={busy} fault={fault} onMore={() => void more()} />
        )
      }
    </States>
  )
}
