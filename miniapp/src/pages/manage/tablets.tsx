import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { refresh, useRead } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import type { Job } from '../../ui/operator-page'
import { Empty, States } from '../../ui/states'
import { ConfirmSheet } from './confirm-sheet'
import { factsText, momentWords, sinceWords, tillName } from './words'

type Tablet = RouterOutputs['offline']['listTablets']['tablets'][number]

const STEP = 6
const MOST = 50

/** The tablets that may take purchases while there is no network. They are enrolled where they stand. */
export function TabletsView({ job }: { job: Job }) {
  const read = useRead(['offline.listTablets'], () => api.offline.listTablets.query())
  const [ending, setEnding] = useState<Tablet | null>(null)
  return (
    <View>
      <Panel pad>
        <View className="hy-title">离线平板</View>
        <View className="hy-2 hy-mt1">
          断网也能给会员记积分的平板。要加一台，请在那台平板的「今日流水 ›
          离线收银」里开通；丢了一台，在这里停用，它之后收的单要等你决定才记分。
        </View>
      </Panel>
      <View className="mn-list">
        <States read={read}>
          {({ tablets }) =>
            tablets.length === 0 ? (
              <Empty title="还没有离线平板" sub="在平板的「今日流水 › 离线收银」里开通，就会出现在这里" />
            ) : (
              <Tablets tablets={tablets} job={job} onEnd={setEnding} />
            )
          }
        </States>
      </View>
      <View>{ending && <EndTablet tablet={ending} onClose={() => setEnding(null)} />}</View>
    </View>
  )
}

function Tablets({ tablets, job, onEnd }: { tablets: Tablet[]; job: Job; onEnd: (tablet: Tablet) => void }) {
  const { shown } = useGrowing(tablets, STEP, MOST)
  return (
    <View id="tablets">
      <Section title="现有的" />
      <Panel>
        {shown.map((tablet) => (
          <Cell
            key={tablet.tabletId}
            icon="phone"
            tone={tablet.revokedAt ? 'quiet' : 'accent'}
            title={tablet.label}
            sub={subOf(tablet, job)}
            end={
              tablet.revokedAt ? (
                <Tag>已停用</Tag>
              ) : (
                <Button
                  id={`end-${tablet.tabletId}`}
                  small
                  kind="line"
                  label={`停用 ${tablet.label}`}
                  onTap={() => onEnd(tablet)}
                >
                  停用
                </Button>
              )
            }
          />
        ))}
      </Panel>
    </View>
  )
}

function subOf({ tillId, lastSyncAt, revokedAt, enrolledAt }: Tablet, job: Job): string {
  const synced = lastSyncAt ? `${momentWords(lastSyncAt)} 同步过` : '还没同步过'
  const state = revokedAt ? `${momentWords(revokedAt)} 停用` : synced
  return factsText([tillName(job.tills, tillId), state, sinceWords(enrolledAt, '开通')])
}

function EndTablet({ tablet, onClose }: { tablet: Tablet; onClose: () => void }) {
  const ending = useSteady((input: { tabletId: string }, requestId) =>
    api.offline.revokeTablet.mutate({ requestId, ...input }),
  )
  const send = async () => {
    if (!(await ending.run({ tabletId: tablet.tabletId }))) return
    void refresh('offline.listTablets')
    onClose()
  }
  return (
    <ConfirmSheet
      id="tablet-end"
      title={`停用「${tablet.label}」？`}
      words="停用以后，它再报来的单不会自动记分，会放进「冲突」等你决定。它收过、已经同步的单不受影响。"
      button="停用"
      sending={ending}
      onSend={() => void send()}
      onClose={onClose}
    />
  )
}
