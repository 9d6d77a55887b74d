import { View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { tapProps } from '../../ui/tap'
import { pointsWords } from './counter-words'
import type { Quote } from './phase'
import type { Counter } from './use-counter'

/** On or off: points pay as much of it as they can. */
export const PointsRow = ({ counter: { withPoints, setWithPoints }, quote }: { counter: Counter; quote: Quote }) => {
  const words = pointsWords(quote.pointsPay)
  if (!words && !withPoints) return null
  const shown = words ?? '这一单用不上积分'
  return (
    <View
      id="points-switch"
      className="hy-panel st-points"
      {...tapProps(() => setWithPoints(!withPoints))}
      {...aria({ role: 'checkbox', checked: withPoints, label: shown })}
    >
      <View className="hy-grow">
        <View className="hy-bold">{shown}</View>
        <View className="hy-caption hy-2">{withPoints ? '点一下就不用' : '先问顾客一声'}</View>
      </View>
      <View className={`st-switch${withPoints ? ' st-switch--on' : ''}`}>
        <View className="st-switch__dot" />
      </View>
    </View>
  )
}
