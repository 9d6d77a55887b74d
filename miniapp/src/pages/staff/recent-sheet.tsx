import { countText, yuanText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { faultText } from '../../lib/fault-text'
import type { Read } from '../../lib/query'
import { Cell, Tag } from '../../ui/blocks'
import { Sheet } from '../../ui/sheet'
import { States } from '../../ui/states'
import { More } from './more'
import { ReturnSheet } from './return-sheet'
import { madeWords, partlyWords } from './return-words'
import { useSome } from './use-some'
import type { Recent } from './use-waits'

const subOf = (order: Recent) => {
  const at = new Date(order.settledAt)
  const parts = [`${dayWords(at, new Date())} ${clockText(at)}`, order.storeName, madeWords(order), partlyWords(order)]
  return parts.filter(Boolean).join(' · ')
}

const endOf = ({ state, refusal }: Recent) =>
  state === 'returned' ? <Tag>已退货</Tag> : refusal ? <Tag>{faultText(refusal).title}</Tag> : '退货'

/** What this customer bought lately; one of them can be taken back. */
export function RecentSheet({ read, onClose }: { read: Read<{ orders: Recent[] }>; onClose: () => void }) {
  const [chosen, setChosen] = useState<Recent | null>(null)
  if (chosen) return <ReturnSheet order={chosen} onClose={() => setChosen(null)} />
  return (
    <Sheet open onClose={onClose} title="最近的单">
      <States read={read}>{({ orders }) => <RecentList orders={orders} onChoose={setChosen} />}</States>
    </Sheet>
  )
}

function RecentList({ orders, onChoose }: { orders: Recent[]; onChoose: (order: Recent) => void }) {
  const { shown, rest, more } = useSome(orders)
  if (orders.length === 0) return <View className="hy-2">这位顾客还没有买过</View>
  return (
    <View>
      <View id="recent" className="st-list">
        {shown.map((order) => (
          <Cell
            key={order.orderNo}
            title={`${yuanText(order.amountFen)} · +${countText(order.points)} 积分`}
            sub={subOf(order)}
            end={endOf(order)}
            {...(order.refusal || order.state === 'returned' ? {} : { onTap: () => onChoose(order) })}
          />
        ))}
      </View>
      <More rest={rest} onTap={more} />
    </View>
  )
}
