import { countText, yuanText } from '@huiyuan/shared/money'
import { clockText } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import type { Trouble } from '../../lib/api'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Empty, FaultNote } from '../../ui/states'
import { ReturnSheet } from './return-sheet'
import { madeWords, partlyWords } from './return-words'
import type { ShiftOrder } from './use-shift'

const subOf = (order: ShiftOrder, tills: ShiftOrdersWish['tills']) => {
  const till = tills.find(({ tillId }) => tillId === order.tillId)?.name ?? order.tillId
  const partly = partlyWords(order)
  const made = madeWords(order)
  return (
    <>
      <Text className="hy-whole">{`${clockText(new Date(order.settledAt))} · ${till} · ${order.staffName}`}</Text>
      <Text className="hy-whole">{order.orderNo}</Text>
      {(made || partly) && <Text className="hy-whole">{[made, partly].filter(Boolean).join(' · ')}</Text>}
    </>
  )
}

export interface ShiftOrdersWish {
  orders: ShiftOrder[]
  tills: { tillId: string; name: string }[]
  ended: boolean
  busy: boolean
  fault: Trouble | null
  onMore: () => void
}

/** The day's orders, the newest first; more of them come when the end is reached. */
export function ShiftOrders({ orders, tills, ended, busy, fault, onMore }: ShiftOrdersWish) {
  const [chosen, setChosen] = useState<ShiftOrder | null>(null)
  if (orders.length === 0) return <Empty title="今天还没有开张" sub="收下第一笔，就会出现在这里" />
  return (
    <View id="shift-orders">
      <Section title="流水" />
      <Panel>
        {orders.map((order) => (
          <Cell
            key={order.orderId}
            id={`order-${order.orderNo}`}
            title={`${yuanText(order.amountFen)} · ${order.nameMasked}`}
            sub={subOf(order, tills)}
            end={
              order.state === 'returned' ? (
                <Tag>已退货</Tag>
              ) : (
                <View className="st-plus">{`+${countText(order.points)}`}</View>
              )
            }
            {...(order.state === 'returned' ? {} : { onTap: () => setChosen(order) })}
          />
        ))}
      </Panel>
      {fault && (
        <View className="hy-mt3">
          <FaultNote fault={fault} onRetry={onMore} />
        </View>
      )}
      {!ended && !fault && (
        <View className="hy-dock">
          <Button id="shift-more" block kind="ghost" busy={busy} onTap={onMore}>
            再看一些
          </Button>
        </View>
      )}
      {chosen && <ReturnSheet order={chosen} onClose={() => setChosen(null)} />}
    </View>
  )
}
