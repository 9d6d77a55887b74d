import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { Icon } from '../../ui/icon'
import { TierMark } from '../../ui/tier-mark'
import type { Visit } from './use-counter'
import type { Preview } from './use-preview'

/** What comes of the amount: points and from when, growth, and what it lifts. */
export function Earned({
  visit,
  amountFen,
  preview,
}: {
  visit: Visit | null
  amountFen: number
  preview?: Preview | undefined
}) {
  if (!visit) return <View className="hy-2">扫到会员码，这里就告诉你能得多少积分</View>
  if (amountFen === 0) return <View className="hy-2">输入金额，看看能得多少积分</View>
  if (!preview) return <View className="hy-3">正在算…</View>
  const { points, growth, activeAt, tierAfter, words } = preview
  return (
    <View id="earn">
      {points > 0 ? (
        <View className="st-gains">
          <View className="hy-grow">
            <View className="hy-caption hy-2">付款后得</View>
            <View className="st-gain">{`+${countText(points)} 积分`}</View>
            <View className="hy-caption hy-2">{`${dayWords(new Date(activeAt), new Date())}生效`}</View>
          </View>
          <View className="hy-grow">
            <View className="hy-caption hy-2">成长值</View>
            <View className="st-gain">{`+${countText(growth)}`}</View>
            <View className="hy-caption hy-2">当场生效</View>
          </View>
        </View>
      ) : (
        <View className="hy-bold">{words[0]}</View>
      )}
      {tierAfter > visit.member.tier ? <Lifts tier={tierAfter} /> : words[1] && <Next words={words[1]} />}
    </View>
  )
}

const Next = ({ words }: { words: string }) => (
  <View className="st-say__line">
    <Icon name="spark" size="s" className="hy-brandly" />
    <Text className="st-say__words">{words}</Text>
  </View>
)

/** This order lifts: said before it is settled, so that the clerk can say it too. */
const Lifts = ({ tier }: { tier: number }) => (
  <View id="lifts" className={`st-lifts hy-tier-${tier}`}>
    <TierMark tier={tier} size="m" />
    <Text className="st-say__words">{`这一单升${rungOf(tier, DEMO_POLICY).name}，恭喜一声`}</Text>
  </View>
)
