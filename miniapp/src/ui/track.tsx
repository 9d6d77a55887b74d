import { View } from '@tarojs/components'
import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon'

export interface TrackStep {
  key: string
  title: string
  sub?: ReactNode
  /** Behind, under way, to come, or where it went wrong. */
  state: 'done' | 'now' | 'ahead' | 'bad'
}

const SIGNS: Record<Exclude<TrackStep['state'], 'ahead'>, IconName> = { done: 'check', now: 'clock', bad: 'x' }

/** How something went, step by step, and what is still to come. */
export const Track = ({ id, steps }: { id: string; steps: TrackStep[] }) => (
  <View id={id}>
    {steps.map(({ key, title, sub, state }) => (
      <View key={key} className={`hy-track__step hy-track__step--${state}`}>
        <View className="hy-track__dot">{state !== 'ahead' && <Icon name={SIGNS[state]} size="s" />}</View>
        <View className="hy-track__in">
          <View className="hy-track__title">{title}</View>
          {sub && <View className="hy-track__sub">{sub}</View>}
        </View>
      </View>
    ))}
  </View>
)
