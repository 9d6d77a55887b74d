import { Text, View } from '@tarojs/components'
import { api } from '../../lib/api'
import { back, toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { Empty, FaultNote, Skeleton, States } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import './counter.css'
import './offline.css'
import { OfflineEnrol } from './offline-enrol'
import { OfflineQueue } from './offline-queue'
import { OfflineTake } from './offline-take'
import type { Job } from './phase'
import { useKeyReader } from './use-key-reader'
import { type Offline, useOffline } from './use-offline'

/** The counter without a network: it earns points, and nothing else. */
export default function OfflinePage() {
  const { state } = useSession()
  return (
    <Page wide>
      <View className="st-off">
        {process.env.TARO_ENV === 'h5' && <Head />}
        {state === 'starting' && <Skeleton />}
        {state === 'member' && <AtWork />}
        {(state === 'guest' || state === 'signed_out') && (
          <Empty title="请先登录" sub="登录后，没有网络也能记单" action="去登录" onAction={() => toTab('home')} />
        )}
      </View>
    </Page>
  )
}

const Head = () => (
  <View className="st-head__row">
    <View id="head-back" className="st-back" {...tapProps(back, '返回')}>
      <Icon name="back" />
    </View>
    <Text className="hy-title hy-grow">离线收银</Text>
  </View>
)

function AtWork() {
  const read = useRead(['me'], () => api.member.me.query(), { keepAs: 'me' })
  const offline = useOffline()
  // who has made this a tablet works here; without a network nobody can be asked again
  if (offline.tablet && read.data === undefined && read.fault) return <Working offline={offline} />
  return (
    <States read={read}>
      {({ staff }) =>
        staff ? (
          <Door job={staff} offline={offline} />
        ) : (
          <Empty title="这里是店员的离线收银" sub="你的账号还不是店员" action="回首页" onAction={() => toTab('home')} />
        )
      }
    </States>
  )
}

const Door = ({ job, offline }: { job: Job; offline: Offline }) =>
  offline.tablet?.storeId === job.storeId && !offline.tablet.ended ? (
    <Working offline={offline} />
  ) : (
    <OfflineEnrol job={job} offline={offline} />
  )

function Working({ offline }: { offline: Offline }) {
  const { scan, press, at, note, next, said } = offline
  useKeyReader({
    onKey: press,
    onBurst: () => {},
    onOverrun: () => {},
    onScan: (code) => scan(code),
    onEnter: () => (at.step === 'amount' ? note() : at.step === 'noted' ? next() : undefined),
  })
  return (
    <View className="st-cols">
      <View className="st-col">
        <View>
          {said && (
            <View id="offline-said" className="hy-note">
              <Icon name="warn" size="m" />
              <View className="hy-note__main">
                <View className="hy-bold">{said.title}</View>
                <View className="hy-caption">{said.detail}</View>
              </View>
            </View>
          )}
        </View>
        <OfflineTake offline={offline} />
      </View>
      <View className="st-col">
        <View>
          {offline.sync.fault && <FaultNote fault={offline.sync.fault} onRetry={() => void offline.sync.run()} />}
        </View>
        <OfflineQueue offline={offline} />
      </View>
    </View>
  )
}
