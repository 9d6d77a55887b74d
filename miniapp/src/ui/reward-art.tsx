import { View } from '@tarojs/components'

const DRAWN = [
  'cup',
  'ticket',
  'jar',
  'bag',
  'pouch',
  'bowl_black',
  'bowl_white',
  'bowl_gold',
  'bowl_green',
  'pair',
  'spoon',
  'tin',
  'towel',
  'fan',
  'bowl_honey',
  'engraving',
  'book',
]

/** The drawing of a reward by itself; what a newer server names and this phone cannot draw is a cup. */
export const RewardArt = ({ art, className = '' }: { art: string; className?: string }) => (
  <View className={`hy-art hy-art--${drawnOf(art)} ${className}`} />
)

/** The drawing on a stage in its own colour. */
export const RewardStage = ({ art, size = '' }: { art: string; size?: 'l' | 's' | '' }) => (
  <View className={`hy-stage hy-stage--${drawnOf(art)}${size ? ` hy-stage-${size}` : ''}`}>
    <RewardArt art={art} />
  </View>
)

const drawnOf = (art: string) => (DRAWN.includes(art) ? art : 'cup')
