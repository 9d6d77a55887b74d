import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { refresh, useRead } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Empty, FaultNote, States } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { ConfirmSheet } from './confirm-sheet'
import { endedWords, type Webhook } from './webhook-words'
import { type Delivery, deliveryWords, eventWords } from './words'

const STEP = 6
const MOST = 50

/** One webhook: what it was told lately, once more for one that was missed, and its end. */
export function DeliveriesView({ webhook, onBack }: { webhook: Webhook; onBack: () => void }) {
  const { webhookId, url, endedAt } = webhook
  const read = useRead(['webhook.deliveries', webhookId], () => api.webhook.deliveries.query({ webhookId }))
  const [ending, setEnding] = useState(false)
  return (
    <View id="deliveries">
      <View id="webhook-back" className="mn-back" {...tapProps(onBack, '回到全部推送')}>
        <Icon name="back" size="s" />
        <Text>全部推送</Text>
      </View>
      <Panel pad>
        <View className="hy-bold mn-url">{url}</View>
        <View className="hy-2 hy-mt1">{endedWords(webhook) ?? '对方没应答的，会隔一阵再试，越隔越久。'}</View>
        {!endedAt && (
          <View className="hy-dock">
            <Button id="webhook-end" block kind="line" onTap={() => setEnding(true)}>
              停止推送
            </Button>
          </View>
        )}
      </Panel>
      <View className="mn-list">
        <States read={read}>
          {({ deliveries }) =>
            deliveries.length === 0 ? (
              <Empty title="还没有推过" sub="下一单入账或退货，就会推过去" />
            ) : (
              <Deliveries deliveries={deliveries} open={!endedAt} />
            )
          }
        </States>
      </View>
      <View>{ending && <EndWebhook webhook={webhook} onClose={() => setEnding(false)} />}</View>
    </View>
  )
}

const TAG = {
  sent: <Tag kind="ok">已送达</Tag>,
  waiting: <Tag kind="accent">在路上</Tag>,
  given_up: <Tag kind="bad">没送到</Tag>,
}

function Deliveries({ deliveries, open }: { deliveries: Delivery[]; open: boolean }) {
  const { shown } = useGrowing(deliveries, STEP, MOST)
  const [chosen, setChosen] = useState('')
  const sending = useSteady((input: { deliveryId: string }, requestId) =>
    api.webhook.resend.mutate({ requestId, ...input }),
  )
  const resend = async (deliveryId: string) => {
    if (sending.busy) return
    setChosen(deliveryId)
    if (await sending.run({ deliveryId })) void refresh('webhook.deliveries')
  }
  return (
    <View>
      <Section title="最近推送的" />
      {sending.fault && <FaultNote fault={sending.fault} onRetry={() => void resend(chosen)} />}
      <Panel>
        {shown.map((delivery) => (
          <Cell
            key={delivery.deliveryId}
            title={`${eventWords(delivery.event)} ${delivery.orderNo}`}
            sub={
              <>
                <View>{deliveryWords(delivery, new Date())}</View>
                <View className="hy-mt1">{TAG[delivery.state]}</View>
              </>
            }
            end={
              open && delivery.state !== 'waiting' ? (
                <Button
                  id={`resend-${delivery.deliveryId}`}
                  small
                  kind="line"
                  busy={sending.busy && chosen === delivery.deliveryId}
                  label={`重发 ${delivery.orderNo}`}
                  onTap={() => void resend(delivery.deliveryId)}
                >
                  重发
                </Button>
              ) : undefined
            }
          />
        ))}
      </Panel>
    </View>
  )
}

function EndWebhook({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const ending = useSteady((input: { webhookId: string }, requestId) => api.webhook.end.mutate({ requestId, ...input }))
  const send = async () => {
    if (!(await ending.run({ webhookId: webhook.webhookId }))) return
    void refresh('webhook.list', 'webhook.deliveries')
    onClose()
  }
  return (
    <ConfirmSheet
      id="webhook-ending"
      title="停止推送？"
      words="停了以后不再推，还在路上的也不推了。要接着推就建一个新的。"
      button="停止"
      sending={ending}
      onSend={() => void send()}
      onClose={onClose}
    />
  )
}
