import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { go } from '../../lib/nav'
import { refresh, useCommand } from '../../lib/query'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import { Switch } from '../../ui/switch'

type Consents = RouterOutputs['privacy']['consents']
type Message = Consents['messages'][number]

/** What was agreed to, with its version and day; what is up to me has its switch beside it. */
export function Agreements({ consents: { agreements, personalOffers, messages } }: { consents: Consents }) {
  const set = useCommand(async (on: boolean, requestId) => {
    await api.privacy.setPersonalOffers.mutate({ requestId, on })
    await refresh('consents', 'home')
  })
  const [dropping, setDropping] = useState<Message | null>(null)
  return (
    <View id="consents">
      <Section title="我同意过的" />
      <Panel>
        {agreements.map(({ version, grantedAt, withdrawnAt }) => (
          <Cell
            key={version}
            icon="shield"
            title="会员服务与隐私说明"
            sub={`版本 ${version} · ${dayWords(new Date(grantedAt), new Date())}同意`}
            end={withdrawnAt ? <Tag>已撤回</Tag> : undefined}
            onTap={() => go('/pages/consent/privacy')}
          />
        ))}
        <Cell
          icon="spark"
          title="为你挑选"
          sub="首页按你的积分挑好礼。关掉就和大家看到的一样，价格从不受影响"
          end={
            <Switch
              id="personal-offers"
              on={personalOffers}
              busy={set.busy}
              label="为你挑选"
              onChange={(on) => void set.run(on)}
            />
          }
        />
      </Panel>
      {set.fault && (
        <View className="hy-mt3">
          <FaultNote fault={set.fault} onRetry={() => void set.run(!personalOffers)} />
        </View>
      )}
      {messages.length > 0 && (
        <>
          <Section title="会发到微信的提醒" />
          <Panel>
            {messages.map((message) => (
              <Cell
                key={message.key}
                icon="bell"
                tone="quiet"
                title={message.title}
                sub={`还会发 ${message.remaining} 次`}
                onTap={() => setDropping(message)}
              />
            ))}
          </Panel>
        </>
      )}
      <DropSheet message={dropping} onClose={() => setDropping(null)} />
    </View>
  )
}

function DropSheet({ message, onClose }: { message: Message | null; onClose: () => void }) {
  const drop = useCommand(async (template: string, requestId) => {
    await api.privacy.dropMessages.mutate({ requestId, template })
    await refresh('consents', 'templates')
    return true
  })
  const submit = async () => {
    if (message && (await drop.run(message.key))) onClose()
  }
  return (
    <Sheet open={message !== null} onClose={onClose} title="不再提醒">
      <View className="hy-2">{`「${message?.title}」不会再发给你。想要时，在对应的页面再点一次就好。`}</View>
      <View className="hy-dock">
        {drop.fault && <FaultNote fault={drop.fault} onRetry={() => void submit()} />}
        <Button id="drop-submit" block busy={drop.busy} onTap={() => void submit()}>
          不再提醒
        </Button>
        <Button block kind="ghost" onTap={onClose}>
          留着
        </Button>
      </View>
    </Sheet>
  )
}
