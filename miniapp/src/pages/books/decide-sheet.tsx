import { ADJUSTMENT_NAMES } from '@huiyuan/shared/adjustment'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import { Fact } from './adjust-sheet'
import { type Adjustment, NOTE_LENGTH, signed, whoOf } from './adjustment'

interface DecideWish {
  adjustment: Adjustment
  agree: boolean
  onClose: () => void
}

/** A second pair of eyes: the whole of it once more, then yes, or no with a reason. */
export function DecideSheet({ adjustment, agree, onClose }: DecideWish) {
  const [note, setNote] = useState('')
  const [tried, setTried] = useState(false)
  const [done, setDone] = useState<Adjustment | null>(null)
  const deciding = useSteady((input: { adjustmentId: string; agree: boolean; note?: string }, requestId) =>
    api.ledger.decide.mutate({ requestId, ...input }),
  )
  const said = note.trim()
  const missing = tried && !agree && said === ''
  const send = async () => {
    setTried(true)
    if (!agree && said === '') return
    const { adjustmentId } = adjustment
    const answer = await deciding.run({ adjustmentId, agree, ...(said === '' ? {} : { note: said }) })
    if (answer) setDone(answer)
    void refresh('ledger.adjustments', 'ledger.subject', 'ledger.liability')
  }
  if (done) return <Decided done={done} onClose={onClose} />
  return (
    <Sheet open onClose={onClose} title={agree ? '同意这一笔？' : '不同意这一笔？'}>
      <View id="decide">
        <View className="hy-caption hy-2 hy-num">{whoOf(adjustment)}</View>
        <View className="bk-big">{signed(adjustment.points)}</View>
        <View className="bk-facts">
          <Fact name="原因" words={ADJUSTMENT_NAMES[adjustment.reason]} />
          <Fact name="内部说明" words={adjustment.note} />
          <Fact name="提出" words={adjustment.proposedBy} />
        </View>
        <View className="hy-2">
          {agree ? '同意后立即生效，会员在积分明细里看得到。' : '不同意就不会生效，提出的人看得到你写的原因。'}
        </View>
        <Field
          id="decide-note"
          label={agree ? '备注（可不填）' : '为什么不同意'}
          value={note}
          maxLength={NOTE_LENGTH}
          onInput={setNote}
          onConfirm={() => void send()}
          {...(missing ? { hint: '请写一句原因', bad: true } : {})}
        />
      </View>
      <View className="hy-dock">
        {deciding.fault && <FaultNote fault={deciding.fault} onRetry={() => void send()} />}
        <Button id="decide-submit" block busy={deciding.busy} onTap={() => void send()}>
          {agree ? `同意 ${signed(adjustment.points)}` : '不同意'}
        </Button>
      </View>
    </Sheet>
  )
}

const Decided = ({ done, onClose }: { done: Adjustment; onClose: () => void }) => (
  <Sheet open onClose={onClose} title={done.state === 'done' ? '已同意，已生效' : '已记下，不会生效'}>
    <View id="decided" {...aria({ role: 'alert' })}>
      <View className="hy-done">
        <Icon name={done.state === 'done' ? 'check' : 'x'} size="l" />
      </View>
      <View className="hy-center hy-title hy-num">{signed(done.points)}</View>
      <View className="hy-center hy-2 hy-mt2 bk-words">{done.words}</View>
    </View>
    <View className="hy-dock">
      <Button id="decide-done" block onTap={onClose}>
        好了
      </Button>
    </View>
  </Sheet>
)
