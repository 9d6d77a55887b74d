import { yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import { beforeReturnWords, type ReturnableOrder, type Returned, returnWords } from './return-words'

/** Takes a whole purchase back: what will go back is told first, what went back after. */
export function ReturnSheet({ order, onClose }: { order: ReturnableOrder; onClose: () => void }) {
  const [done, setDone] = useState<Returned | null>(null)
  const returning = useSteady((input: { orderRef: string }, requestId) =>
    api.order.return.mutate({ requestId, ...input }),
  )
  const send = async () => {
    const returned = await returning.run({ orderRef: order.orderRef })
    if (!returned) return
    setDone(returned)
    void refresh('order.recent', 'order.quote', 'shift')
  }
  return (
    <Sheet open onClose={onClose} title={done ? '已退货' : '退这一单？'}>
      <View className="st-return" {...(done ? { id: 'returned', ...aria({ role: 'alert' }) } : { id: 'return' })}>
        <View className="hy-caption hy-2 hy-num">{order.orderNo}</View>
        <View className="st-return__n">{yuanText(done ? done.refundedFen : order.amountFen)}</View>
        {(done ? [`请退给顾客 ${yuanText(done.refundedFen)}`, ...returnWords(done)] : beforeReturnWords(order)).map(
          (line) => (
            <View key={line} className="st-return__line">
              {done ? <Icon name="check" size="s" className="st-return__ok" /> : <View className="st-return__dot" />}
              <Text className="st-return__words">{line}</Text>
            </View>
          ),
        )}
      </View>
      <View className="hy-dock">
        {returning.fault && <FaultNote fault={returning.fault} onRetry={() => void send()} />}
        {returning.unsure && <Text className="hy-caption hy-2 st-unsure">再点一次就好，不会重复退</Text>}
        {done ? (
          <Button id="return-done" block onTap={onClose}>
            好了
          </Button>
        ) : (
          <Button id="return-submit" block busy={returning.busy} onTap={() => void send()}>
            {`确认退货 ${yuanText(order.amountFen)}`}
          </Button>
        )}
      </View>
    </Sheet>
  )
}
