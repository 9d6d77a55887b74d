import { ADJUSTMENT_NAMES, ADJUSTMENT_TITLES } from '@huiyuan/shared/adjustment'
import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import { type Adjustment, previewOf, signed, whoOf } from './adjustment'
import type { Adjusting, Asked } from './use-adjusting'

/** The last look before points move, and what came of it. */
export function AdjustSheet({ adjusting }: { adjusting: Adjusting }) {
  const { asked, isOpen, done, close, send, sending } = adjusting
  if (!isOpen) return null
  if (done) return <Result done={done} onClose={close} />
  if (!asked) return null
  return (
    <Sheet open onClose={close} title="核对一下">
      <Facts asked={asked} />
      <View className="hy-dock">
        {sending.fault && <FaultNote fault={sending.fault} onRetry={() => void send()} />}
        {sending.unsure && <Text className="hy-caption hy-2 bk-unsure">再点一次就好，不会重复调整</Text>}
        <Button id="adjust-submit" block busy={sending.busy} onTap={() => void send()}>
          {asked.course.atOnce ? `确认${signWords(asked.wish.points)}` : '提交，等别人复核'}
        </Button>
      </View>
    </Sheet>
  )
}

const signWords = (points: number) => `${points > 0 ? '增加' : '扣减'} ${countText(Math.abs(points))} 积分`

function Facts({ asked: { wish, subject, course } }: { asked: Asked }) {
  const after = previewOf(wish.points, subject)
  return (
    <View id="adjust-facts">
      <View className="hy-caption hy-2 hy-num">{whoOf(subject)}</View>
      <View className="bk-big">{signed(wish.points)}</View>
      <View className="bk-facts">
        <Fact name="可用积分" words={`${countText(subject.points)} → ${countText(after.points)}`} />
        {(subject.debtPoints > 0 || after.debtPoints > 0) && (
          <Fact name="欠分" words={`${countText(subject.debtPoints)} → ${countText(after.debtPoints)}`} />
        )}
        <Fact name="原因" words={ADJUSTMENT_NAMES[wish.reason]} />
        <Fact name="会员看到" words={ADJUSTMENT_TITLES[wish.reason]} />
        <Fact name="内部说明" words={wish.note} />
      </View>
      <View className="hy-2">{`${course.words}。`}</View>
    </View>
  )
}

export const Fact = ({ name, words }: { name: string; words: string }) => (
  <View className="bk-fact">
    <Text className="bk-fact__name">{name}</Text>
    <Text className="bk-fact__words">{words}</Text>
  </View>
)

function Result({ done, onClose }: { done: Adjustment; onClose: () => void }) {
  const waits = done.state === 'waiting'
  return (
    <Sheet open onClose={onClose} title={waits ? '已提交，等待复核' : '已调整'}>
      <View id="adjusted" {...aria({ role: 'alert' })}>
        <View className="hy-done">
          <Icon name={waits ? 'clock' : 'check'} size="l" />
        </View>
        <View className="hy-center hy-title hy-num">{signed(done.points)}</View>
        <View className="hy-center hy-2 hy-mt2 bk-words">{done.words}</View>
        {waits && <View className="hy-center hy-2 hy-mt1 bk-words">请另一位运营在「复核」里处理，同意后才生效</View>}
      </View>
      <View className="hy-dock">
        <Button id="adjust-done" block onTap={onClose}>
          好了
        </Button>
      </View>
    </Sheet>
  )
}
