import { View } from '@tarojs/components'
import { useReachBottom } from '@tarojs/taro'
import { useState } from 'react'
import { refresh } from '../../lib/query'
import { OperatorPage } from '../../ui/operator-page'
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
  return (
    <OperatorPage
      title="积分账务"
      signInWords="登录后，总部运营可以在这里调整积分"
      className="bk-page"
      onRefresh={() => refresh('ledger.subject', 'ledger.adjustments', 'ledger.liability')}
    >
      {(ownNo) => <Books ownNo={ownNo} />}
    </OperatorPage>
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
