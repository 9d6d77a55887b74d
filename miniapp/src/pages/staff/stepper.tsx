import { Text, View } from '@tarojs/components'
import { tapProps } from '../../ui/tap'

interface StepperWish {
  id: string
  /** What is counted, for who cannot see it. */
  name: string
  count: number
  /** No more than this. */
  most: number
  onLess: () => void
  onMore: () => void
}

/** How many of one thing; the way down is there once there is one. */
export const Stepper = ({ id, name, count, most, onLess, onMore }: StepperWish) => (
  <View className="st-step">
    <View className="st-step__less">
      {count > 0 && (
        <View id={`${id}-less`} className="st-step__key" {...tapProps(onLess, `${name}，减一件`)}>
          <Text className="st-step__sign">−</Text>
        </View>
      )}
    </View>
    <Text id={`${id}-count`} className="st-step__n">
      {count > 0 ? String(count) : ''}
    </Text>
    <View
      id={`${id}-more`}
      className={`st-step__key${count < most ? ' st-step__key--on' : ' st-step__key--off'}`}
      {...tapProps(() => {
        if (count < most) onMore()
      }, `${name}，加一件`)}
    >
      <Text className="st-step__sign">+</Text>
    </View>
  </View>
)
