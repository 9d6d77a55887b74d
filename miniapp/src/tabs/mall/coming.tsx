import { View } from '@tarojs/components'
import { aria } from '../../ui/aria'

const TILES = [1, 2, 3, 4]

/** The shape of the mall before it is there. */
export const Coming = () => (
  <View {...aria({ role: 'img', label: '正在打开' })}>
    <View className="hy-sk ml-sk-purse" />
    <View className="hy-sk ml-sk-search" />
    <View className="hy-sk hy-sk--card" />
    <View className="hy-tiles hy-mt5">
      {TILES.map((tile) => (
        <View key={tile} className="hy-sk hy-sk--tile" />
      ))}
    </View>
  </View>
)
