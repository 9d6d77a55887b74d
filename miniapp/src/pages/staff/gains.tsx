import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { TierMark } from '../../ui/tier-mark'
import type { Quote } from './phase'

/** What the purchase brings: points and from when, growth, the packet, and what it lifts. */
export const Gains = ({ quote, tier, pale }: { quote: Quote; tier: number; pale: boolean }) => {
  const { points, growth, activeAt, packet, tierAfter } = quote
  return (
    <View id="earn" className={pale ? 'rc--pale' : ''}>
      <View className="hy-panel st-gains">
        <Gain name="付款后得" value={points > 0 ? `+${countText(points)} 积分` : '不积分'}>
          {points > 0 ? `${dayWords(new Date(activeAt), new Date())}生效` : '不足 1 元'}
        </Gain>
        <Gain name="成长值" value={`+${countText(growth)}`}>
          当场生效
        </Gain>
        {packet && (
          <Gain name="红包" value={packet.title}>
            付完就发
          </Gain>
        )}
      </View>
      {tierAfter > tier && <Lifts tier={tierAfter} />}
    </View>
  )
}

const Gain = ({ name, value, children }: { name: string; value: string; children: string }) => (
  <View className="st-gain">
    <View className="hy-caption hy-2">{name}</View>
    <View className="st-gain__n">{value}</View>
    <View className="hy-caption hy-2">{children}</View>
  </View>
)

/** This order lifts: said before it is settled, so that the clerk can say it too. */
const Lifts = ({ tier }: { tier: number }) => (
  <View id="lifts" className={`st-lifts hy-tier-${tier}`}>
    <TierMark tier={tier} size="m" />
    <Text className="st-say__words">{`这一单升${rungOf(tier, DEMO_POLICY).name}，恭喜一声`}</Text>
  </View>
)
