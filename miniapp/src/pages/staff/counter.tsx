import { View } from '@tarojs/components'
import { api } from '../../lib/api'
import { toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { Page } from '../../ui/page'
import { Empty, FaultNote, Skeleton, States } from '../../ui/states'
import { AmountPanel } from './amount-panel'
import { BillPanel } from './bill-panel'
import { CouponSheet } from './coupon-sheet'
import { DonePanel } from './done-panel'
import { ScanPanel } from './scan-panel'
import './counter.css'
import './receipt.css'
import './articles.css'
import './who.css'
import './sheets.css'
import './counter-wide.css'
import type { Job } from './phase'
import { TillHead } from './till-head'
import { useCounter } from './use-counter'
import { useTillKeys } from './use-till-keys'
import { WhoPanel } from './who-panel'

/** The counter: who stands there, how much, what it earns, done. For those who work here. */
export default function CounterPage() {
  const { state } = useSession()
  return (
    <Page wide>
      {state === 'starting' && <Skeleton />}
      {state === 'member' && <AtWork />}
      {(state === 'guest' || state === 'signed_out') && (
        <Empty title="请先登录" sub="登录后，店员可以在这里收款" action="去登录" onAction={() => toTab('home')} />
      )}
    </Page>
  )
}

function AtWork() {
  const read = useRead(['me'], () => api.member.me.query())
  return (
    <States read={read}>
      {({ staff }) =>
        staff ? (
          <Till job={staff} />
        ) : (
          <Empty
            title="这里是店员的收银台"
            sub="你的账号还不是店员。在店里上班的话，请店长帮你开通。"
            action="回首页"
            onAction={() => toTab('home')}
          />
        )
      }
    </States>
  )
}

/**
 * One after the other on a phone, side by side like a till on a wide screen. What comes and goes has a place of its own:
 * WeChat is sent all of its siblings anew otherwise.
 */
function Till({ job }: { job: Job }) {
  const counter = useCounter(job)
  const { phase, scanning, scanAgain, next } = counter
  useTillKeys(counter)
  return (
    <View className={`st-till st-till--${phase.step}`}>
      <TillHead counter={counter} />
      <View>
        {phase.step !== 'scan' && scanning.fault && (
          <FaultNote fault={scanning.fault} onRetry={() => void scanAgain()} />
        )}
      </View>
      <View className="st-cols">
        <View className="st-col st-col--who">
          {phase.step === 'scan' ? <ScanPanel counter={counter} /> : <WhoPanel counter={counter} phase={phase} />}
        </View>
        <View className="st-col st-col--amount">
          <AmountPanel counter={counter} />
        </View>
        <View className="st-col st-col--bill">
          {phase.step === 'done' ? <DonePanel phase={phase} onNext={next} /> : <BillPanel counter={counter} />}
        </View>
      </View>
      <View>
        <CouponSheet counter={counter} />
      </View>
    </View>
  )
}
