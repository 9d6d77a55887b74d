import { Text, View } from '@tarojs/components'
import { useReachBottom } from '@tarojs/taro'
import { useState } from 'react'
import { api } from '../../lib/api'
import { faultText } from '../../lib/fault-text'
import { back, toTab } from '../../lib/nav'
import { refresh, useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { Views } from '../../ui/views'
import { Adjust } from './adjust'
import { AdjustSheet } from './adjust-sheet'
import './books.css'
import { LiabilityView } from './liability'
import { Review } from './review'
import { useAdjusting } from './use-adjusting'
import { useAdjustments } from './use-adjustments'

type Shown = 'adjust' | 'review' | 'liability'

/** The books of points, for operators: correct by hand, decide on another's correction, see what is owed to members. */
export default function BooksPage() {
  const { state } = useSession()
  return (
    <Page wide onRefresh={() => refresh('ledger.subject', 'ledger.adjustments', 'ledger.liability')}>
      <View className="bk-page">
        <Head />
        {state === 'starting' && <Skeleton />}
        {state === 'member' && <AtWork />}
        {(state === 'guest' || state === 'signed_out') && (
          <Empty
            title="请先登录"
            sub="登录后，总部运营可以在这里调整积分"
            action="去登录"
            onAction={() => toTab('home')}
          />
        )}
      </View>
    </Page>
  )
}

/** WeChat draws a head of its own. */
const Head = () =>
  process.env.TARO_ENV === 'h5' ? (
    <View className="bk-head">
      <View id="head-back" className="hy-head__back" {...tapProps(back, '返回')}>
        <Icon name="back" />
      </View>
      <Text className="hy-title">积分账务</Text>
    </View>
  ) : null

const REFUSED = faultText({ code: 'ROLE_NEEDED', detail: { role: 'operator' } })

function AtWork() {
  const read = useRead(['me'], () => api.member.me.query())
  return (
    <States read={read}>
      {({ staff, memberNo }) =>
        staff?.role === 'operator' ? (
          <Books ownNo={memberNo} />
        ) : (
          <Empty title={REFUSED.title} sub={REFUSED.detail ?? ''} action="回首页" onAction={() => toTab('home')} />
        )
      }
    </States>
  )
}

function Books({ ownNo }: { ownNo: string }) {
  const [view, setView] = useState<Shown>('adjust')
  const adjusting = useAdjusting(ownNo)
  const waiting = useAdjustments('waiting')
  const over = useAdjustments('over', view === 'review')
  useReachBottom(() => {
    if (view === 'review' && !waiting.hasMore) void over.more()
  })
  const count = waiting.first.data?.waiting ?? 0
  const views = [
    { view: 'adjust', name: '调整' },
    { view: 'review', name: count > 0 ? `复核 ${count}` : '复核' },
    { view: 'liability', name: '负债' },
  ] as const
  return (
    <View id="books">
      <Views views={views} on={view} onChange={setView} />
      <View className="bk-view">
        {view === 'adjust' && <Adjust adjusting={adjusting} />}
        {view === 'review' && <Review waiting={waiting} over={over} />}
        {view === 'liability' && <LiabilityView />}
      </View>
      <View>
        <AdjustSheet adjusting={adjusting} />
      </View>
    </View>
  )
}
