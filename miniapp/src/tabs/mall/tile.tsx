import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { memo } from 'react'
import { besidePrice, type Reward, tierName } from '../../lib/mall'
import { go } from '../../lib/nav'
import { RewardStage } from '../../ui/reward-art'
import { tapProps } from '../../ui/tap'

/** One reward: what it looks like, what it is called, what it costs, and what stands in the way. */
export const Tile = memo(({ reward, hidden }: { reward: Reward; hidden: boolean }) => {
  const { rewardId, title, art, points, tierGate } = reward
  const beside = besidePrice(reward)
  return (
    <View
      id={`reward-${rewardId}`}
      className={`ml-tile${hidden ? ' ml-tile--off' : ''}`}
      {...tapProps(() => go(`/pages/mall/reward?rewardId=${rewardId}`))}
    >
      <RewardStage art={art} />
      {tierGate > 1 && <Text className="hy-tag ml-tile__tag">{`${tierName(tierGate)}起`}</Text>}
      <View className="ml-tile__name">{title}</View>
      <View className="ml-tile__price">
        <View>
          <Text className="ml-tile__n">{countText(points)}</Text>
          <Text> 分</Text>
        </View>
        <Text className={beside.due ? 'ml-due' : ''}>{beside.words}</Text>
      </View>
    </View>
  )
})
