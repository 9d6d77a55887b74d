import { View } from '@tarojs/components'
import { Icon, type IconName } from './icon'

/** The signs that honours and obligations may carry; what a newer server names is a medal here. */
const MARKS: readonly IconName[] = [
  'leaf',
  'cup',
  'bowl',
  'people',
  'spark',
  'sun',
  'gift',
  'store',
  'chat',
  'pen',
  'news',
  'medal',
]

export const markOf = (mark: string): IconName => MARKS.find((known) => known === mark) ?? 'medal'

/** An honour as a seal of glaze with a scalloped rim; one that is not held yet is only drawn in outline. */
export const HonourBadge = ({ mark, held, large }: { mark: string; held: boolean; large?: boolean }) => (
  <View className={`hy-seal hy-seal--${held ? markOf(mark) : 'none'}${large ? ' hy-seal--l' : ''}`}>
    <Icon name={markOf(mark)} size="l" />
  </View>
)
