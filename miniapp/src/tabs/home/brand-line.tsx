import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { clockText } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { Icon } from '../../ui/icon'

/** The name of the house. */
export const BrandLine = () => (
  <View className="hy-brand">
    <Icon name="bowl" size="l" className="hy-brand__mark" />
    <Text>{DEMO_POLICY.brand.name}</Text>
  </View>
)

const GREETINGS: [untilHour: number, words: string][] = [
  [5, '夜深了'],
  [11, '早上好'],
  [13, '中午好'],
  [18, '下午好'],
  [24, '晚上好'],
]

/** Good morning, by the clock in Shanghai. */
export function Greeting({ name }: { name: string }) {
  const hour = Number(clockText(new Date()).slice(0, 2))
  const words = GREETINGS.find(([until]) => hour < until)?.[1] ?? '你好'
  return (
    <View className="hy-top">
      <View className="hy-display">{`${words}，${name}`}</View>
      <View className="hy-2">{DEMO_POLICY.brand.slogan}</View>
    </View>
  )
}
