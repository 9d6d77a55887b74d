import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { go, toTab } from '../../lib/nav'
import { Section } from '../../ui/blocks'
import { RewardStage } from '../../ui/reward-art'
import { tapProps } from '../../ui/tap'

interface Reward {
  rewardId: string
  title: string
  art: string
  points: number
  /** How many points are missing; nobody knows for a guest. */
  shortPoints?: number
}

const wayTo = ({ rewardId }: Reward) => go(`/pages/mall/reward?rewardId=${rewardId}`)

/** What the points are enough for, or what comes next; simply some of it for who does not want to be picked for. */
export function Rewards({ rewards, personal }: { rewards: Reward[]; personal: boolean }) {
  if (rewards.length === 0) return null
  if (!personal) return <Rail title="积分好礼" more="全部" rewards={rewards} />
  const enough = rewards.some(({ shortPoints = 0 }) => shortPoints === 0)
  return <Rail title={enough ? '换得起' : '快换到了'} more="全部" rewards={rewards} />
}

/** Rewards side by side; the rest is in the mall. */
export const Rail = ({ title, more, rewards }: { title: string; more: string; rewards: Reward[] }) => (
  <View>
    <Section title={title} more={more} onMore={() => toTab('mall')} />
    <View className="hm-rail">
      {rewards.map((reward) => (
        <View key={reward.rewardId} className="hm-tile" {...tapProps(() => wayTo(reward))}>
          <RewardStage art={reward.art} />
          <View className="hm-tile__name">{reward.title}</View>
          <View className="hm-tile__price">
            <Text className="hm-tile__n">{countText(reward.points)}</Text>
            <Text className="hy-grow">{' 分'}</Text>
            {(reward.shortPoints ?? 0) > 0 && (
              <Text className="hm-tile__short">{`差 ${countText(reward.shortPoints ?? 0)}`}</Text>
            )}
          </View>
        </View>
      ))}
    </View>
  </View>
)
