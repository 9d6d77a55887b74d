import { View } from '@tarojs/components'
import { useReachBottom } from '@tarojs/taro'
import { useState } from 'react'
import { refresh } from '../../lib/query'
import { OperatorPage } from '../../ui/operator-page'
import { Views } from '../../ui/views'
import { JournalView, useJournal } from './journal'
import './merge.css'
import { MergeSheet, MergingView } from './merging'
import { useMerging } from './use-merging'

/** Two records that are one person: look, decide, and read what was decided before. For operators. */
export default function MergesPage() {
  return (
    <OperatorPage
      title="会员合并"
      signInWords="登录后，总部运营可以在这里合并会员"
      className="mg-page"
      onRefresh={() => refresh('merge.find', 'merge.preview', 'merge.list')}
    >
      {() => <Merges />}
    </OperatorPage>
  )
}

const VIEWS = [
  { view: 'merge', name: '合并' },
  { view: 'journal', name: '记录' },
] as const

function Merges() {
  const [view, setView] = useState<'merge' | 'journal'>('merge')
  const merging = useMerging()
  const journal = useJournal(view === 'journal')
  useReachBottom(() => {
    if (view === 'journal') void journal.more()
  })
  return (
    <View id="merges">
      <Views views={VIEWS} on={view} onChange={setView} />
      <View className="mg-view">
        {view === 'merge' && <MergingView merging={merging} />}
        {view === 'journal' && <JournalView journal={journal} />}
      </View>
      <View>
        <MergeSheet merging={merging} />
      </View>
    </View>
  )
}
