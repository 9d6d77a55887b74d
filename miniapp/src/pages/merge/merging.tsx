import { View } from '@tarojs/components'
import { faultText } from '../../lib/fault-text'
import { warningWords } from '../../lib/merge-words'
import { go } from '../../lib/nav'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { States } from '../../ui/states'
import { MovedFacts, pointsWords, Reversed, Said } from './facts'
import { Finder, PersonCard } from './person'
import { SendDock, Unsure } from './unsure'
import type { Merging, Preview } from './use-merging'

const NOTE_LENGTH = 200

/** Two numbers, and what would come of making them one person. */
export function MergingView({ merging }: { merging: Merging }) {
  const seen = merging.both && merging.preview.data !== undefined
  return (
    <View>
      <View className="hy-cols">
        <View className="hy-col">
          <Finder id="one" label="一位会员" found={merging.one} brief={seen} />
        </View>
        <View className="hy-col">
          <Finder id="two" label="另一位会员" found={merging.two} brief={seen} />
        </View>
      </View>
      <View>
        {merging.asked && merging.sending.unsure && !merging.done ? (
          <Unsure id="merge" fault={merging.sending.fault} onAgain={merging.reopen} />
        ) : merging.both ? (
          <States read={merging.preview}>{(preview) => <PreviewView preview={preview} merging={merging} />}</States>
        ) : (
          <View className="mg-hint">找到两位会员，就能看到合并的预览。预览不会改动任何东西。</View>
        )}
      </View>
    </View>
  )
}

function PreviewView({ preview, merging }: { preview: Preview; merging: Merging }) {
  const { note, setNote, noteMissing, ask } = merging
  const blocked = preview.blockers.map(
    ({ blocker }) => faultText({ code: 'MERGE_BLOCKED', detail: { blocker } }).detail ?? '',
  )
  return (
    <View id="preview">
      <View className="hy-cols hy-mt4">
        <View className="hy-col">
          <PersonCard person={preview.survivor} mark="留下" />
        </View>
        <View className="hy-col">
          <PersonCard person={preview.other} mark="并入" />
        </View>
      </View>
      <Said title="现在还不能合并" icon="lock" tone="warn" lines={blocked} />
      <Said title="请留意" icon="warn" tone="warn" lines={preview.warnings.map((one) => warningWords(one.warning))} />
      {blocked.length === 0 && (
        <View className="hy-cols hy-mt3">
          <View className="hy-col">
            <MovedFacts title="会并过来" moved={preview.came ?? {}} none="对方名下没有积分、券或记录" />
          </View>
          <View className="hy-col">
            <Reversed reversed={preview.reversed ?? []} />
            <View className="mg-decide">
              <Field
                id="merge-note"
                label="为什么合并，同事看得到"
                value={note}
                maxLength={NOTE_LENGTH}
                placeholder="核对了什么、依据什么"
                onInput={setNote}
                {...(noteMissing ? { hint: '请写一句依据', bad: true } : {})}
              />
              <View className="hy-caption hy-3 hy-mt2">
                老卡号会一直能用。合并之后可以撤销，会员自己的积分和券都会还回去。
              </View>
              <View className="hy-dock">
                <Button id="merge-ask" block onTap={ask}>
                  合并成一位
                </Button>
              </View>
            </View>
          </View>
        </View>
      )}
    </View>
  )
}

/** The last look, and what came of it. */
export function MergeSheet({ merging: { asked, isOpen, preview, send, sending, done, close } }: { merging: Merging }) {
  if (!asked || !isOpen) return null
  if (done)
    return (
      <Sheet open onClose={close} title="已经是一位会员了">
        <View id="merged" {...aria({ role: 'alert' })}>
          <View className="hy-done">
            <Icon name="check" size="l" />
          </View>
          <MovedFacts title="并过来了" moved={done.came} none="对方名下没有积分、券或记录" />
        </View>
        <View className="hy-dock">
          <Button id="merge-open" block onTap={() => go(`/pages/merge/merge?mergeId=${done.mergeId}`)}>
            看这次记录
          </Button>
          <Button id="merge-done" block kind="ghost" onTap={close}>
            好了
          </Button>
        </View>
      </Sheet>
    )
  const pair = preview.data
  return (
    <Sheet open onClose={close} title="合并这两位？">
      {pair && (
        <View className="hy-2 hy-num">
          {`${pair.other.nameMasked ?? '未留名'}（尾号 ${pair.other.memberNo4}）并入 ${pair.survivor.nameMasked ?? '未留名'}（尾号 ${pair.survivor.memberNo4}）。`}
        </View>
      )}
      <View className="hy-2 hy-num">{pointsWords('会并过来', pair?.came)}</View>
      <View className="hy-2 hy-mt2">{`依据：${asked.note}`}</View>
      <SendDock id="merge" words="确认合并" sending={sending} onSend={() => void send()} onBack={close} />
    </Sheet>
  )
}
