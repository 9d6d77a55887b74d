import { View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { tapProps } from '../../ui/tap'

interface SwitchWish {
  on: boolean
  busy: boolean
  label: string
  id: string
  onChange: (on: boolean) => void
}

/** On or off, at a tap; while it is being written it takes no second one. */
export function Switch({ on, busy, label, id, onChange }: SwitchWish) {
  const tap = tapProps(() => {
    if (!busy) onChange(!on)
  })
  return (
    <View id={id} className="pv-switch" {...tap} {...aria({ role: 'checkbox', checked: on, label, disabled: busy })}>
      <View className={`pv-switch__rail${on ? ' pv-switch__rail--on' : ''}`}>
        <View className="pv-switch__dot" />
      </View>
    </View>
  )
}
