import type { LegalTrigger, Trigger, Violation } from '@huiyuan/shared/compliance'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { Button } from '../../ui/button'
import { EXTRAS, type Extra, FORBIDDEN_LIST, triggerName } from './campaign-words'
import { Chips, Refused } from './form-parts'

interface TriggerWish {
  legal: LegalTrigger[]
  trigger: Trigger
  extras: Extra[]
  violations: Violation[]
  onTrigger: (trigger: Trigger) => void
  onExtras: (extras: Extra[]) => void
}

const named = (triggers: readonly Trigger[]) => triggers.map((value) => ({ value, name: triggerName(value) }))
const ALL_EXTRAS = Object.keys(EXTRAS) as Extra[]
const EXTRA_FIELDS = Object.values(EXTRAS).map(({ field }) => field)

/** What is thanked for. Other ideas can be tried as well: the guard says why they cannot be saved. */
export function TriggerChoice({ legal, trigger, extras, violations, onTrigger, onExtras }: TriggerWish) {
  const [open, setOpen] = useState(false)
  const wild = open || extras.length > 0 || !legal.includes(trigger as LegalTrigger)
  const toggle = (extra: Extra) =>
    onExtras(extras.includes(extra) ? extras.filter((one) => one !== extra) : [...extras, extra])
  return (
    <View>
      <Chips id="trigger" label="谢什么" options={named(legal)} on={[trigger]} onTap={onTrigger} />
      {!wild && (
        <View className="cp-more">
          <Button id="more-ideas" small kind="line" onTap={() => setOpen(true)}>
            还有别的想法？
          </Button>
        </View>
      )}
      <View>
        {wild && (
          <View className="cp-ideas">
            <View className="hy-caption hy-2">点一点，看看能不能做；不能做的会说明为什么。</View>
            <Chips
              id="idea"
              label="想谢这个"
              options={named(FORBIDDEN_LIST)}
              on={[trigger]}
              onTap={(value) => onTrigger(value === trigger ? (legal[0] as Trigger) : value)}
            />
            <Chips
              id="extra"
              label="想这样发"
              options={ALL_EXTRAS.map((value) => ({ value, name: EXTRAS[value].name }))}
              on={extras}
              onTap={toggle}
            />
          </View>
        )}
      </View>
      <Refused violations={violations} fields={['trigger', ...EXTRA_FIELDS]} />
    </View>
  )
}
