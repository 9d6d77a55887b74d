import { View } from '@tarojs/components'
import { useRouter } from '@tarojs/taro'
import { api, type RouterOutputs } from '../../lib/api'
import { becauseWords, restoredWords, reversalWords } from '../../lib/merge-words'
import { refresh, useRead } from '../../lib/query'
import { Panel, Tag } from '../../ui/blocks'
import { OperatorPage } from '../../ui/operator-page'
import { States } from '../../ui/states'
import { Lost, MovedFacts, Said } from './facts'
import { momentWords } from './journal'
import './merge.css'
import { PersonCard } from './person'
import { UndoingView, UndoSheet } from './undoing'
import { useUndoing } from './use-undoing'

type Merge = RouterOutputs['merge']['show']

/** One merge: who said so, what it did, and the way back. For operators. */
export default function MergePage() {
  const { mergeId = '' } = useRouter().params
  return (
    <OperatorPage
      title="合并记录"
      signInWords="登录后，总部运营可以在这里撤销合并"
      className="mg-page"
      onRefresh={() => refresh('merge.show', 'merge.previewUndo')}
    >
      {() => <Record mergeId={mergeId} />}
    </OperatorPage>
  )
}

function Record({ mergeId }: { mergeId: string }) {
  const read = useRead(['merge.show', mergeId], () => api.merge.show.query({ mergeId }))
  const undoing = useUndoing(mergeId, read.data !== undefined && read.data.undone === null)
  return (
    <View>
      <States read={read}>
        {(merge) => (
          <View className="hy-cols" id="merge-record">
            <View className="hy-col">
              <Deed merge={merge} />
            </View>
            <View className="hy-col">
              {merge.undone ? <Undone merge={merge} undone={merge.undone} /> : <UndoingView undoing={undoing} />}
            </View>
          </View>
        )}
      </States>
      <View>
        <UndoSheet undoing={undoing} />
      </View>
    </View>
  )
}

const Deed = ({ merge }: { merge: Merge }) => (
  <View>
    <Panel pad>
      <View className="hy-row hy-between">
        <View className="hy-title">{`尾号 ${merge.otherNo4} 并入 ${merge.survivorNo4}`}</View>
        <Tag kind={merge.undone ? 'accent' : 'ok'}>{merge.undone ? '已撤销' : '有效'}</Tag>
      </View>
      <View className="hy-caption hy-3 hy-num">
        {[momentWords(merge.at), merge.staffNo ?? '系统自动'].filter(Boolean).join(' · ')}
      </View>
      <View className="hy-2 hy-mt2">{becauseWords(merge.because)}</View>
      {merge.note && <View className="hy-2 hy-mt1">{`说明：${merge.note}`}</View>}
    </Panel>
    <View className="hy-mt3">
      <MovedFacts title="当时并过来" moved={merge.came} none="没有积分、券或记录" />
    </View>
    <Said title="当时改变的" icon="spark" lines={merge.reversed.map(reversalWords)} />
    <View className="hy-mt3">
      <PersonCard person={merge.survivor} mark="留下的会员" />
    </View>
    {merge.separated && (
      <View className="hy-mt3">
        <PersonCard person={merge.separated} mark="分开的会员" />
      </View>
    )}
  </View>
)

const CHARGED = { survivor: '已用掉的由留下的会员承担', programme: '已用掉的由品牌承担' }

const Undone = ({ merge, undone }: { merge: Merge; undone: NonNullable<Merge['undone']> }) => (
  <View id="undone-record">
    <Panel pad>
      <View className="hy-title">已经撤销</View>
      <View className="hy-caption hy-3 hy-num">{`${momentWords(undone.at)} · ${undone.staffNo}`}</View>
      <View className="hy-2 hy-mt2">{CHARGED[undone.charge]}</View>
      {undone.note && <View className="hy-2 hy-mt1">{`原因：${undone.note}`}</View>}
    </Panel>
    {merge.undoSummary && (
      <View className="hy-mt3">
        <MovedFacts title="还回去的" moved={merge.undoSummary.back} none="没有积分、券或记录" />
        <Said title="恢复的" icon="check" lines={merge.undoSummary.restored.map(restoredWords)} />
        <Lost lost={merge.undoSummary.lost} />
      </View>
    )}
  </View>
)
