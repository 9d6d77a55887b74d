import { View } from '@tarojs/components'
import { aria } from './aria'
import { tapProps } from './tap'

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
    <View id={id} className="hy-switch" {...tap} {...aria({ role: 'checkbox', checked: on, label, disabled: busy })}>
      <View className={`hy-switch__rail${on ? ' hy-switch__rail--on' : ''}`}>
        <View className="hy-switch__dot" />
      </View>
    </View>
  )
}
