import type { Violation } from '@huiyuan/shared/compliance'
import { View } from '@tarojs/components'
import { Panel } from '../../ui/blocks'
import { WritingField } from '../../ui/writing-field'
import { TRIGGERS, triggerName } from './campaign-words'
import type { ReferralDraft } from './draft'
import { Facts, Line, Refused } from './form-parts'
import { TriggerChoice } from './trigger-choice'

export type Step = 'copy' | 'terms' | 'limits' | 'history'

export interface FormWish<D> {
  step: Step
  draft: D
  put: (part: Partial<D>) => void
  violations: Violation[]
  problems: Record<string, string>
  /** It has begun: what was promised can be read, not changed. */
  locked: boolean
}

const LOCKED = '已经开始，答应过的不能再改。要换一种谢法，可以停止它，另建一个。'

export const Locked = ({ facts }: { facts: [string, string][] }) => (
  <View id="locked">
    <View className="hy-caption hy-2 cp-locked">{LOCKED}</View>
    <Facts facts={facts} />
  </View>
)

/** A campaign that thanks for friends, in three parts. */
export function ReferralForm({ step, draft, put, violations, problems, locked }: FormWish<ReferralDraft>) {
  if (step === 'copy')
    return (
      <Panel pad>
        <Line
          id="title"
          label="名字"
          value={draft.title}
          onInput={(title) => put({ title })}
          most={40}
          problem={draft.title ? problems.title : undefined}
          violations={violations}
          field="title"
        />
        <WritingField
          id="words"
          label="海报和卡片上的话"
          value={draft.words}
          onInput={(words) => put({ words })}
          most={120}
          placeholder="比如：这家的乌龙，想请你尝一盏"
        />
        <Refused violations={violations} fields={['words']} />
      </Panel>
    )
  if (step === 'terms') return <Terms {...{ draft, put, violations, problems, locked }} />
  return (
    <Panel pad>
      <Line
        id="cap"
        label="每人最多谢几位朋友"
        value={draft.cap}
        onInput={(cap) => put({ cap })}
        number
        unit="位"
        hint={locked ? '开始以后只能加' : ''}
        violations={violations}
        field="perPersonCap"
      />
      <Budget {...{ draft, put, violations, locked }} />
      <Days {...{ draft, put, violations, problems, locked }} endless />
    </Panel>
  )
}

const Terms = ({ draft, put, violations, problems, locked }: Omit<FormWish<ReferralDraft>, 'step'>) => (
  <Panel pad>
    {locked ? (
      <Locked
        facts={[
          ['谢什么', triggerName(draft.trigger)],
          ['每位朋友', `${draft.points} 积分`],
          ['首单满', `${draft.minOrderYuan} 元`],
          ['过多少天', `${draft.holdDays} 天没有退款再发`],
          ['链接有效', `${draft.windowDays} 天`],
        ]}
      />
    ) : (
      <View>
        <TriggerChoice
          legal={TRIGGERS.friends}
          trigger={draft.trigger}
          extras={draft.extras}
          violations={violations}
          onTrigger={(trigger) => put({ trigger })}
          onExtras={(extras) => put({ extras })}
        />
        <Points draft={draft} put={put} problem={problems.points} />
        <Line
          id="min-order"
          label="首单满"
          value={draft.minOrderYuan}
          onInput={(minOrderYuan) => put({ minOrderYuan })}
          unit="元"
          problem={problems.minOrderYuan}
        />
        <Line
          id="hold-days"
          label="过多少天没有退款再发"
          value={draft.holdDays}
          onInput={(holdDays) => put({ holdDays })}
          number
          unit="天"
          problem={problems.holdDays}
          violations={violations}
          field="holdDays"
        />
        <Line
          id="window-days"
          label="打开链接后多少天内入会算数"
          value={draft.windowDays}
          onInput={(windowDays) => put({ windowDays })}
          number
          unit="天"
          problem={problems.windowDays}
        />
      </View>
    )}
  </Panel>
)

interface PartWish {
  draft: { points: string; budget: string; startsOn: string; endsOn: string }
  put: (part: { points?: string; budget?: string; startsOn?: string; endsOn?: string }) => void
}

export const Points = ({ draft, put, problem }: PartWish & { problem?: string | undefined }) => (
  <Line
    id="points"
    label="谢多少"
    value={draft.points}
    onInput={(points) => put({ points })}
    number
    unit="积分"
    problem={draft.points ? problem : undefined}
  />
)

export const Budget = ({ draft, put, violations, locked }: PartWish & { violations: Violation[]; locked: boolean }) => (
  <Line
    id="budget"
    label="一共准备"
    value={draft.budget}
    onInput={(budget) => put({ budget })}
    number
    unit="积分"
    hint={locked ? '开始以后只能加' : '发完为止'}
    violations={violations}
    field="budgetPoints"
  />
)

interface DaysWish extends PartWish {
  violations: Violation[]
  problems: Record<string, string>
  locked: boolean
  endless?: boolean
}

export const Days = ({ draft, put, violations, problems, locked, endless }: DaysWish) => (
  <View>
    {locked ? (
      <Facts facts={[['开始', draft.startsOn]]} />
    ) : (
      <Line
        id="starts-on"
        label="从哪天开始"
        value={draft.startsOn}
        onInput={(startsOn) => put({ startsOn })}
        hint="这一天零点；已经过了就是现在"
        problem={problems.startsOn}
      />
    )}
    <Line
      id="ends-on"
      label="到哪天为止"
      value={draft.endsOn}
      onInput={(endsOn) => put({ endsOn })}
      hint={endless ? '算上这一天；不定就空着' : '算上这一天'}
      problem={problems.endsOn}
      violations={violations}
      field="endsAt"
    />
  </View>
)
