import { ADJUSTMENT_NAMES } from '@huiyuan/shared/adjustment'
import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { Chip, Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { FaultNote } from '../../ui/states'
import { courseOf, type Draft, NOTE_LENGTH, pointsOf, REASONS, type Subject, signed, whoOf } from './adjustment'
import type { Adjusting } from './use-adjusting'

const POINTS_LENGTH = 9
const SIGNS = [
  { sign: 1, name: '增加' },
  { sign: -1, name: '扣减' },
] as const

/** How many, why, and what will come of it. Locked while nobody knows whether the last one was done. */
export function AdjustForm({ adjusting, subject }: { adjusting: Adjusting; subject: Subject }) {
  const { draft, setDraft, problems, ask, asked, sending, reopen } = adjusting
  if (asked && sending.unsure)
    return (
      <View id="adjust-unsure">
        {sending.fault && <FaultNote fault={sending.fault} />}
        <Panel pad>
          <View className="hy-bold hy-num">{`${whoOf(asked.subject)} ${signed(asked.wish.points)}`}</View>
          <View className="hy-2 hy-mt1">这一笔还不知道有没有成功。再问一次就清楚了，不会重复调整。</View>
          <View className="hy-dock">
            <Button id="adjust-reopen" block onTap={reopen}>
              再问一次
            </Button>
          </View>
        </Panel>
      </View>
    )
  const put = (change: Partial<Draft>) => setDraft({ ...draft, ...change })
  return (
    <Panel pad>
      <View className="hy-title">调整多少，为什么</View>
      <View className="bk-signs">
        {SIGNS.map(({ sign, name }) => (
          <View key={sign} id={`sign-${sign > 0 ? 'plus' : 'minus'}`}>
            <Chip on={draft.sign === sign} onTap={() => put({ sign })}>
              {name}
            </Chip>
          </View>
        ))}
      </View>
      <Field
        id="adjust-points"
        label="积分"
        type={process.env.TARO_ENV === 'weapp' ? 'number' : 'text'}
        value={draft.points}
        maxLength={POINTS_LENGTH}
        onInput={(points) => put({ points })}
        {...(problems.points ? { hint: problems.points, bad: true } : {})}
      />
      <View className="hy-field">
        <Text className="hy-field__label">原因</Text>
        <View className="bk-reasons">
          {REASONS.map((reason) => (
            <View key={reason} id={`reason-${reason}`}>
              <Chip on={draft.reason === reason} onTap={() => put({ reason })}>
                {ADJUSTMENT_NAMES[reason]}
              </Chip>
            </View>
          ))}
        </View>
        <View>{problems.reason && <View className="hy-field__hint hy-field__hint--bad">{problems.reason}</View>}</View>
      </View>
      <Field
        id="adjust-note"
        label="内部说明，会员看不到"
        value={draft.note}
        maxLength={NOTE_LENGTH}
        placeholder="哪一单、谁来电、依据什么"
        onInput={(note) => put({ note })}
        {...(problems.note ? { hint: problems.note, bad: true } : {})}
      />
      <Course adjusting={adjusting} aloneLeft={subject.aloneLeft} />
      <View className="hy-dock">
        <Button id="adjust-ask" block onTap={ask}>
          核对并提交
        </Button>
      </View>
    </Panel>
  )
}

/** Said before it is sent: done at once, or only with a second pair of eyes. */
function Course({ adjusting: { draft, subject }, aloneLeft }: { adjusting: Adjusting; aloneLeft: number }) {
  const { isOwn } = subject
  const points = pointsOf(draft)
  const course = points === null && !isOwn ? null : courseOf(points ?? 0, aloneLeft, isOwn)
  return (
    <View id="adjust-course" className={`bk-course${course && !course.atOnce ? ' bk-course--second' : ''}`}>
      <Icon name={course && !course.atOnce ? 'people' : 'clock'} size="s" />
      <Text className="bk-course__words">{course?.words ?? `今天还能一个人调整 ${countText(aloneLeft)} 分`}</Text>
    </View>
  )
}
