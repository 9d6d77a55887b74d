import { View } from '@tarojs/components'
import { aria } from '../../ui/aria'

const TICKETS = [1, 2, 3]

/** The shape of tickets before they are there. */
export const Coming = () => (
  <View {...aria({ role: 'img', label: '正在打开' })}>
    {TICKETS.map((ticket) => (
      <View key={ticket} className="hy-sk cp-sk" />
    ))}
  </View>
)
