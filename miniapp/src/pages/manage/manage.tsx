import { View } from '@tarojs/components'
import { useRouter } from '@tarojs/taro'
import { useState } from 'react'
import { refresh } from '../../lib/query'
import { type Job, OperatorPage } from '../../ui/operator-page'
import { Views } from '../../ui/views'
import { AuditView } from './audit'
import { ClashesView } from './clashes'
import { KeysView } from './keys'
import './manage.css'
import { TabletsView } from './tablets'
import { WebhooksView } from './webhooks'

const VIEWS = [
  { view: 'keys', name: '密钥' },
  { view: 'webhooks', name: '推送' },
  { view: 'tablets', name: '平板' },
  { view: 'clashes', name: '冲突' },
  { view: 'audit', name: '审计' },
] as const

type Shown = (typeof VIEWS)[number]['view']

/** What a store's manager looks after: who may act at its tills, who hears of it, and whether the record is whole. */
export default function ManagePage() {
  return (
    <OperatorPage
      title="店务"
      forRole="manager"
      signInWords="登录后，店长可以在这里管理收银密钥、推送和平板"
      className="mn-page"
      onRefresh={() =>
        refresh('till.listKeys', 'webhook.list', 'webhook.deliveries', 'offline.listTablets', 'offline.clashes')
      }
    >
      {(_ownNo, job) => <Manage job={job} />}
    </OperatorPage>
  )
}

function Manage({ job }: { job: Job }) {
  const { view: wished } = useRouter().params
  const [view, setView] = useState<Shown>(() => VIEWS.find((one) => one.view === wished)?.view ?? 'keys')
  return (
    <View id="manage">
      <Views views={VIEWS} on={view} onChange={setView} />
      <View className="mn-view">
        {view === 'keys' && <KeysView job={job} />}
        {view === 'webhooks' && <WebhooksView />}
        {view === 'tablets' && <TabletsView job={job} />}
        {view === 'clashes' && <ClashesView job={job} />}
        {view === 'audit' && <AuditView job={job} />}
      </View>
    </View>
  )
}
