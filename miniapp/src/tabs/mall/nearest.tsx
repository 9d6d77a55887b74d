import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { go } from '../../lib/nav'
import { pathOfReward, type Reward } from '../../lib/reward'
import { Bar, Panel, Section } from '../../ui/blocks'
import { RewardStage } from '../../ui/reward-art'
import { tapProps } from '../../ui/tap'

/** What is next within reach: how far one is, and how many points are missing. */
export const Nearest = ({
  rewards,
  points,
  title,
}: {
  rewards: { reward: Reward; shortPoints: number }[]
  points: number
  title: string
}) => (
  <View id="mall-nearest">
    <Section title={title} />
    <Panel>
      {rewards.map(({ reward, shortPoints }) => (
        <View
          key={reward.rewardId}
          className="hy-cell hy-cell--tap"
          {...tapProps(() => go(pathOfReward(reward.rewardId)))}
        >
          <RewardStage art={reward.art} size="s" />
          <View className="hy-cell__main ml-near">
            <View className="ml-near__top">
              <Text className="ml-near__name">{reward.title}</Text>
              <Text className="ml-near__short">{`再攒 ${countText(shortPoints)} 分`}</Text>
            </View>
            <Bar parts={[points / Math.max(1, reward.points)]} />
          </View>
        </View>
      ))}
    </Panel>
  </View>
)
