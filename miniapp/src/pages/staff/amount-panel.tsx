import { View } from '@tarojs/components'
import { Keypad } from '../../ui/keypad'
import type { Counter } from './use-counter'

/** How much stands on the bill, before anything is taken off. */
export const AmountPanel = ({ counter: { amount, locked, press } }: { counter: Counter }) => (
  <View>
    <View className="st-amount">
      <View className="hy-2">应收金额</View>
      <View id="amount" className={`st-amount__n${amount ? '' : ' hy-3'}`}>{`¥${amount || '0'}`}</View>
    </View>
    <View className={locked ? 'st-keys st-keys--off' : 'st-keys'}>
      <Keypad onKey={press} />
    </View>
  </View>
)
