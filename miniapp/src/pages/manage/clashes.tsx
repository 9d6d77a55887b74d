import { yuanText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { entryText } from '../../lib/clash-text'
import { useGrowing } from '../../lib/growing'
import { refresh, useRead } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import type { Job } from '../../ui/operator-page'
import { Sheet } from '../../ui/sheet'
import { Empty, States } from '../../ui/states'
import { SendDock } from './confirm-sheet'
import { type Clash, clashWords, momentWords, tillName } from './words'

const STEP = 4
const MOST = 100
const REASON_LENGTH = 120

type How = 'award' | 'dismiss'
interface Deciding {
  clash: Clash
  how: How
}

/** What tills took without a network and nobody may count twice: each waits for a manager's word. */
export function ClashesView({ job }: { job: Job }) {
  const read = useRead(['offline.clashes'], () => api.offline.clashes.query())
  const [deciding, setDeciding] = useState<Deciding | null>(null)
  return (
    <View>
      <Panel pad>
        <View className="hy-title">离线冲突</View>
        <View className="hy-2 hy-mt1">断网时收的单，同步时对不上的都在这里。钱已经收了，只看要不要给会员记积分。</View>
      </Panel>
      <View className="mn-list">
        <States read={read}>
          {({ clashes, more }) =>
            clashes.length === 0 ? (
              <Empty title="没有要处理的" sub="断网时收的单都对上了" />
            ) : (
              <Clashes clashes={clashes} more={more} job={job} onDecide={setDeciding} />
            )
          }
        </States>
      </View>
      <View>{deciding && <DecideSheet {...deciding} job={job} onClose={() => setDeciding(null)} />}</View>
    </View>
  )
}

const keyOf = ({ tillId, sequence }: Clash) => `${tillId}-${sequence}`

interface ClashesWish {
  clashes: Clash[]
  /** There are more than are listed. */
  more: boolean
  job: Job
  onDecide: (deciding: Deciding) => void
}

function Clashes({ clashes, more, job, onDecide }: ClashesWish) {
  const { shown } = useGrowing(clashes, STEP, MOST)
  return (
    <View id="clashes">
      <Panel>
        {shown.map((clash) => (
          <View key={keyOf(clash)} className="mn-clash">
            <ClashFacts clash={clash} job={job} />
            <View className="mn-clash__ways">
              <Button
                id={`dismiss-${keyOf(clash)}`}
                small
                kind="line"
                onTap={() => onDecide({ clash, how: 'dismiss' })}
              >
                不记
              </Button>
              {clash.awardable && (
                <Button
                  id={`award-${keyOf(clash)}`}
                  small
                  kind="secondary"
                  onTap={() => onDecide({ clash, how: 'award' })}
                >
                  记给会员
                </Button>
              )}
            </View>
          </View>
        ))}
      </Panel>
      {more && <View className="hy-caption hy-2 hy-mt3">还有更早的，先处理这些</View>}
    </View>
  )
}

const ClashFacts = ({ clash, job }: { clash: Clash; job: Job }) => (
  <View>
    <View className="mn-clash__head">
      <View className="mn-clash__sum">{yuanText(clash.amountFen)}</View>
      <View className="hy-caption hy-2">{momentWords(clash.soldAt)}</View>
    </View>
    <View className="hy-mt1">{clashWords(clash)}</View>
    <View className="hy-caption hy-2 hy-mt1">
      {[clash.tabletLabel ?? '收银系统', tillName(job.tills, clash.tillId), entryText(clash.sequence)].join(' · ')}
    </View>
  </View>
)

const WAYS: Record<How, { title: string; words: string; button: string; hint: string }> = {
  award: {
    title: '记给会员？',
    words: '按这一单的金额补记积分和成长值，记给出示这个码的会员。',
    button: '记给会员',
    hint: '比如：小票核对过，是两单',
  },
  dismiss: {
    title: '这一单不记？',
    words: '不给会员记积分，收的钱不变。决定以后不能改。',
    button: '不记',
    hint: '比如：同一单按了两次',
  },
}

function DecideSheet({ clash, how, job, onClose }: Deciding & { job: Job; onClose: () => void }) {
  const [reason, setReason] = useState('')
  const deciding = useSteady((input: { tillId: string; sequence: number; how: How; reason: string }, requestId) =>
    api.offline.decide.mutate({ requestId, ...input }),
  )
  const { title, words, button, hint } = WAYS[how]
  const send = async () => {
    if (reason.trim() === '') return
    const { tillId, sequence } = clash
    if (!(await deciding.run({ tillId, sequence, how, reason: reason.trim() }))) return
    void refresh('offline.clashes')
    onClose()
  }
  return (
    <Sheet open onClose={onClose} title={title}>
      <View id="decide">
        <ClashFacts clash={clash} job={job} />
        <View className="hy-2 hy-mt3">{words}</View>
        <Field
          id="decide-reason"
          label="为什么，以后查得到"
          placeholder={hint}
          value={reason}
          maxLength={REASON_LENGTH}
          onInput={setReason}
          onConfirm={() => void send()}
        />
        <SendDock
          id="decide-submit"
          button={button}
          sending={deciding}
          disabled={reason.trim() === ''}
          onSend={() => void send()}
        />
      </View>
    </Sheet>
  )
}
