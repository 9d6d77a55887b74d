import { View } from '@tarojs/components'
import { faultText } from '../../lib/fault-text'
import { restoredWords } from '../../lib/merge-words'
import { go } from '../../lib/nav'
import { aria } from '../../ui/aria'
import { Chip, Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { States } from '../../ui/states'
import { Lost, MovedFacts, pointsWords, Said } from './facts'
import { SendDock, Unsure } from './unsure'
import type { Charge, Undoing } from './use-undoing'

const NOTE_LENGTH = 200
const CHARGES: { charge: Charge; name: string; words: string }[] = [
  { charge: 'survivor', name: '由留下的会员承担', words: '已经用掉的，先从留下的会员的积分里扣，不够的记为欠分。' },
  { charge: 'programme', name: '由品牌承担', words: '已经用掉的，由品牌补给分开的会员，留下的会员不扣。' },
]

/** What taking the merge back would do, and the way to do it. */
export const UndoingView = ({ undoing }: { undoing: Undoing }) => {
  const { charge, setCharge, preview, note, setNote, noteMissing, ask, asked, sending, done, reopen } = undoing
  if (asked && sending.unsure && !done) return <Unsure id="undo" fault={sending.fault} onAgain={reopen} />
  return (
    <View id="undoing">
      <Panel pad>
        <View className="hy-title">撤销这次合并</View>
        <View className="hy-2 hy-mt1">
          分开的会员拿回自己的积分、没用的券和记录；合并之后新得到的，留在留下的会员名下。
        </View>
        <View className="mg-charges">
          {CHARGES.map((one) => (
            <View key={one.charge} id={`charge-${one.charge}`}>
              <Chip on={charge === one.charge} onTap={() => setCharge(one.charge)}>
                {one.name}
              </Chip>
            </View>
          ))}
        </View>
        <View className="hy-caption hy-3">{CHARGES.find((one) => one.charge === charge)?.words}</View>
      </Panel>
      <States read={preview}>
        {({ blockers, back, restored, lost }) =>
          blockers.length > 0 ? (
            <Blocked blockers={blockers} />
          ) : (
            <View id="undo-preview">
              <View className="hy-mt3">
                <MovedFacts title="会还回去" moved={back ?? {}} none="没有需要还的积分、券或记录" />
              </View>
              <Said title="会恢复的" icon="check" lines={(restored ?? []).map(restoredWords)} />
              <Lost lost={lost ?? []} />
              <View className="mg-decide">
                <Field
                  id="undo-note"
                  label="为什么撤销，同事看得到"
                  value={note}
                  maxLength={NOTE_LENGTH}
                  placeholder="谁来反映、核对了什么"
                  onInput={setNote}
                  {...(noteMissing ? { hint: '请写一句原因', bad: true } : {})}
                />
                <View className="hy-caption hy-3 hy-mt2">撤销之后，系统不会再自动合并这两位。</View>
                <View className="hy-dock">
                  <Button id="undo-ask" block kind="secondary" onTap={ask}>
                    撤销合并
                  </Button>
                </View>
              </View>
            </View>
          )
        }
      </States>
    </View>
  )
}

function Blocked({ blockers }: { blockers: { blocker: string; mergeId?: string }[] }) {
  const lines = blockers.map(({ blocker }) => faultText({ code: 'MERGE_BLOCKED', detail: { blocker } }).detail ?? '')
  const later = blockers.find(({ mergeId }) => mergeId)?.mergeId
  return (
    <View id="undo-blocked">
      <Said title="现在还不能撤销" icon="lock" tone="warn" lines={lines} />
      {later && (
        <View className="hy-dock">
          <Button id="undo-later" block kind="secondary" onTap={() => go(`/pages/merge/merge?mergeId=${later}`)}>
            去看后来那一次
          </Button>
        </View>
      )}
    </View>
  )
}

/** The last look, and what came of it. */
export function UndoSheet({ undoing: { asked, isOpen, preview, send, sending, done, close } }: { undoing: Undoing }) {
  if (!asked || !isOpen) return null
  if (done)
    return (
      <Sheet open onClose={close} title="已经分成两位会员">
        <View id="undone" {...aria({ role: 'alert' })}>
          <View className="hy-done">
            <Icon name="check" size="l" />
          </View>
          <MovedFacts title="还回去了" moved={done.back} none="没有需要还的积分、券或记录" />
          <Said title="恢复了" icon="check" lines={done.restored.map(restoredWords)} />
          <Lost lost={done.lost} />
        </View>
        <View className="hy-dock">
          <Button id="undo-done" block onTap={close}>
            好了
          </Button>
        </View>
      </Sheet>
    )
  return (
    <Sheet open onClose={close} title="撤销这次合并？">
      <View className="hy-2 hy-num">{pointsWords('会还回去', preview.data?.back)}</View>
      <View className="hy-2 hy-mt2">{CHARGES.find((one) => one.charge === asked.charge)?.words}</View>
      <View className="hy-2 hy-mt2">{`原因：${asked.note}`}</View>
      <SendDock id="undo" words="确认撤销" sending={sending} onSend={() => void send()} onBack={close} />
    </Sheet>
  )
}
