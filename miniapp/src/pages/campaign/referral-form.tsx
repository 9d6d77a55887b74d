import { View } from '@tarojs/components'
import { Panel } from '../../ui/blocks'
import { TRIGGERS, triggerName } from './campaign-words'
import type { ReferralDraft } from './draft'
import { Budget, Copy, Days, type FormWish, Locked, Points, Typed } from './draft-fields'
import { TriggerChoice } from './trigger-choice'

type Wish = FormWish<ReferralDraft>

/** A campaign that thanks for friends, in three parts. */
export function ReferralForm(form: Wish) {
  if (form.step === 'copy')
    return (
      <Panel pad>
        <Copy form={form} label="海报和卡片上的话" most={120} placeholder="比如：这家的乌龙，想请你尝一盏" />
      </Panel>
    )
  if (form.step === 'terms')
    return <Panel pad>{form.locked ? <Locked facts={factsOf(form.draft)} /> : <Terms {...form} />}</Panel>
  return (
    <Panel pad>
      <Typed
        form={form}
        id="cap"
        name="cap"
        label="每人最多谢几位朋友"
        number
        unit="位"
        hint={form.locked ? '开始以后只能加' : ''}
        field="perPersonCap"
      />
      <Budget form={form} />
      <Days form={form} endless />
    </Panel>
  )
}

const Terms = (form: Wish) => (
  <View>
    <TriggerChoice
      legal={TRIGGERS.friends}
      trigger={form.draft.trigger}
      extras={form.draft.extras}
      violations={form.violations}
      onTrigger={(trigger) => form.put({ trigger })}
      onExtras={(extras) => form.put({ extras })}
    />
    <Points form={form} />
    <Typed form={form} id="min-order" name="minOrderYuan" label="首单满" unit="元" />
    <Typed form={form} id="hold-days" name="holdDays" label="过多少天没有退款再发" number unit="天" field="holdDays" />
    <Typed form={form} id="window-days" name="windowDays" label="打开链接后多少天内入会算数" number unit="天" />
  </View>
)

const factsOf = (draft: ReferralDraft): [string, string][] => [
  ['谢什么', triggerName(draft.trigger)],
  ['每位朋友', `${draft.points} 积分`],
  ['首单满', `${draft.minOrderYuan} 元`],
  ['过多少天', `${draft.holdDays} 天没有退款再发`],
  ['链接有效', `${draft.windowDays} 天`],
]
