import { clockText, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { forgetEnrolment, useEnrolment } from '../../lib/member-code'
import { refresh, useCommand, useRead } from '../../lib/query'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Sheet } from '../../ui/sheet'
import { Empty, FaultNote, Skeleton, States } from '../../ui/states'

interface Ending {
  kind: 'session' | 'device'
  id: string
  name: string
}

const when = (iso: string) => `${dayWords(new Date(iso), new Date())} ${clockText(new Date(iso))}`

/** Where I am signed in, and which phones can show my code; each can be ended from here. */
export default function Places() {
  const sessions = useRead(['sessions'], () => api.session.list.query())
  const devices = useRead(['devices'], () => api.code.devices.query())
  const [ending, setEnding] = useState<Ending | null>(null)
  const here = useEnrolment().own?.deviceId
  return (
    <Page onRefresh={() => Promise.all([sessions.reload(), devices.reload()])}>
      <Section title="登录的地方" />
      <States read={sessions} skeleton={<Skeleton rows={2} />}>
        {(data) => (
          <Panel>
            {data.sessions.map((one) => (
              <Cell
                key={one.sessionId}
                icon="me"
                tone="quiet"
                title={one.deviceLabel}
                sub={`最近 ${when(one.lastSeenAt)}`}
                end={one.current ? <Tag kind="ok">本机</Tag> : undefined}
                {...(one.current
                  ? {}
                  : { onTap: () => setEnding({ kind: 'session', id: one.sessionId, name: one.deviceLabel }) })}
              />
            ))}
          </Panel>
        )}
      </States>
      <Section title="能出示会员码的手机" />
      <States read={devices} skeleton={<Skeleton rows={1} />}>
        {(data) =>
          data.devices.length === 0 ? (
            <Empty title="还没有" sub="打开一次会员码，这部手机就在这里" />
          ) : (
            <Panel>
              {data.devices.map((one) => (
                <Cell
                  key={one.deviceId}
                  icon="phone"
                  tone="quiet"
                  title={one.label}
                  sub={one.lastUsedAt ? `上次出示 ${when(one.lastUsedAt)}` : '还没有出示过'}
                  end={one.deviceId === here ? <Tag kind="ok">本机</Tag> : undefined}
                  onTap={() => setEnding({ kind: 'device', id: one.deviceId, name: one.label })}
                />
              ))}
            </Panel>
          )
        }
      </States>
      <EndSheet ending={ending} onClose={() => setEnding(null)} />
    </Page>
  )
}

function EndSheet({ ending, onClose }: { ending: Ending | null; onClose: () => void }) {
  const end = useCommand(async ({ kind, id }: Ending, requestId) => {
    if (kind === 'session') await api.session.revoke.mutate({ sessionId: id })
    else await api.code.revoke.mutate({ requestId, deviceId: id })
    if (kind === 'device' && useEnrolment.getState().own?.deviceId === id) forgetEnrolment()
    await refresh('sessions', 'devices')
    return true
  })
  const submit = async () => {
    if (ending && (await end.run(ending))) onClose()
  }
  const isSession = ending?.kind === 'session'
  return (
    <Sheet open={ending !== null} onClose={onClose} title={isSession ? '让它退出登录' : '停用会员码'}>
      <View className="hy-2">
        {isSession
          ? `「${ending?.name}」要重新登录才能使用。`
          : `「${ending?.name}」上的会员码马上失效，下次打开会换新的。`}
      </View>
      <View className="hy-dock">
        {end.fault && <FaultNote fault={end.fault} onRetry={() => void submit()} />}
        <Button id="end-submit" block busy={end.busy} onTap={() => void submit()}>
          {isSession ? '退出' : '停用'}
        </Button>
        <Button block kind="ghost" onTap={onClose}>
          再想想
        </Button>
      </View>
    </Sheet>
  )
}
