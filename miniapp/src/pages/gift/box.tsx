import { View } from '@tarojs/components'
import { aria } from '../../ui/aria'

/** The box; when `open` turns true its lid flies off and what is inside comes up. */
export const GiftBox = ({ open }: { open: boolean }) => (
  <View className={`gf-box${open ? ' gf-box--open' : ''}`} {...aria({ hidden: true })}>
    <View className="gf-box__light" />
    <View className="gf-box__inside" />
    <View className="gf-box__base" />
    <View className="gf-box__lid" />
  </View>
)
