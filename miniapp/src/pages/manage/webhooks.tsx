import { View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { refresh, useRead } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { Cell, Chip, Panel, Section, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Sheet } from '../../ui/sheet'
import { Empty, States } from '../../ui/states'
import { SendDock } from './confirm-sheet'
import { DeliveriesView } from './deliveries'
import { Secret } from './secret'
import { endedWords, type Webhook } from './webhook-words'
import { eventWords, factsText, sinceWords } from './words'

const ADDRESS_LENGTH = 400
const STEP = 6
const MOST = 50
const EVENTS = ['order.settled', 'order.returned'] as const

/** Who hears of the orders of this store. */
export function WebhooksView() {
  const read = useRead(['webhook.list'], () => api.webhook.list.query())
  const [making, setMaking] = useState(false)
  const [looked, setLooked] = useState<string | null>(null)
  const chosen = read.data?.webhooks.find(({ webhookId }) => webhookId === looked)
  if (chosen) return <DeliveriesView webhook={chosen} onBack={() => setLooked(null)} />
  return (
    <View>
      <Panel pad>
        <View className="hy-title">消息推送</View>
        <View className="hy-2 hy-mt1">入账和退货，马上告诉你们自己的系统。只带单号和金额，不带会员资料。</View>
        <View className="hy-dock">
          <Button id="webhook-new" block kind="secondary" onTap={() => setMaking(true)}>
            新建推送
          </Button>
        </View>
      </Panel>
      <View className="mn-list">
        <States read={read}>
          {({ webhooks }) =>
            webhooks.length === 0 ? (
              <Empty title="还没有推送" sub="要让自己的系统知道每一单，就建一个" />
            ) : (
              <Webhooks webhooks={webhooks} onLook={setLooked} />
            )
          }
        </States>
      </View>
      <View>{making && <NewWebhook onClose={() => setMaking(false)} />}</View>
    </View>
  )
}

function Webhooks({ webhooks, onLook }: { webhooks: Webhook[]; onLook: (webhookId: string) => void }) {
  const { shown } = useGrowing(webhooks, STEP, MOST)
  return (
    <View id="webhooks">
      <Section title="现有的" />
      <Panel>
        {shown.map((webhook) => (
          <Cell
            key={webhook.webhookId}
            id={`webhook-${webhook.webhookId}`}
            icon="bell"
            tone={webhook.endedAt ? 'quiet' : 'accent'}
            title={webhook.url}
            sub={factsText([
              webhook.events.map(eventWords).join('、'),
              endedWords(webhook) ?? sinceWords(webhook.createdAt, '建'),
            ])}
            end={webhook.endedAt ? <Tag>已停</Tag> : undefined}
            onTap={() => onLook(webhook.webhookId)}
          />
        ))}
      </Panel>
    </View>
  )
}

function NewWebhook({ onClose }: { onClose: () => void }) {
  const [url, setUrl] = useState('')
  const [events, setEvents] = useState<(typeof EVENTS)[number][]>([...EVENTS])
  const [made, setMade] = useState<{ secret: string | null } | null>(null)
  const making = useSteady((input: { url: string; events: (typeof EVENTS)[number][] }, requestId) =>
    api.webhook.create.mutate({ requestId, ...input }),
  )
  const send = async () => {
    if (url.trim() === '' || events.length === 0) return
    const created = await making.run({ url: url.trim(), events })
    if (!created) return
    setMade(created)
    void refresh('webhook.list')
  }
  const toggle = (event: (typeof EVENTS)[number]) =>
    setEvents((on) => (on.includes(event) ? on.filter((one) => one !== event) : [...on, event]))
  return (
    <Sheet open onClose={onClose} title={made ? '推送建好了' : '新建推送'}>
      {made ? (
        <Secret secret={made.secret} words="收到推送的系统用这一串核对签名：" onDone={onClose} />
      ) : (
        <View>
          <Field
            id="webhook-url"
            label="发到哪个网址"
            placeholder="https://"
            value={url}
            maxLength={ADDRESS_LENGTH}
            onInput={setUrl}
            onConfirm={() => void send()}
          />
          <View className="mn-chips">
            {EVENTS.map((event) => (
              <View key={event} id={`event-${event.replace('.', '-')}`}>
                <Chip on={events.includes(event)} onTap={() => toggle(event)}>
                  {eventWords(event)}
                </Chip>
              </View>
            ))}
          </View>
          <SendDock
            id="webhook-submit"
            button="新建"
            sending={making}
            disabled={url.trim() === '' || events.length === 0}
            onSend={() => void send()}
          />
        </View>
      )}
    </Sheet>
  )
}
