import { View } from '@tarojs/components'
import { aria } from './aria'
import { Icon } from './icon'
import { tapProps } from './tap'

const FIVE = [1, 2, 3, 4, 5]

/** One to five stars that somebody gave. */
export const Stars = ({ n }: { n: number }) => (
  <View className="hy-stars" {...aria({ role: 'img', label: `${n} 星` })}>
    {FIVE.map((star) => (
      <View key={star} className={`hy-star${star <= n ? ' hy-star--on' : ''}`}>
        <Icon name="star-full" size="s" />
      </View>
    ))}
  </View>
)

/** One to five stars to give; 0 while none is given. */
export const StarPicker = ({ id, n, onPick }: { id: string; n: number; onPick: (n: number) => void }) => (
  <View id={id} className="hy-stars hy-stars--pick">
    {FIVE.map((star) => (
      <View
        key={star}
        id={`${id}-${star}`}
        className={`hy-star${star <= n ? ' hy-star--on' : ''}`}
        {...tapProps(() => onPick(star), star === n ? `${star} 星，已选` : `${star} 星`)}
      >
        <Icon name={star <= n ? 'star-full' : 'star'} size="l" />
      </View>
    ))}
  </View>
)
