import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { memo } from 'react'
import { go } from '../lib/nav'
import { besidePrice, pathOfReward, type Reward, tierName } from '../lib/reward'
import { Icon } from './icon'
import { RewardStage } from './reward-art'
import { tapProps } from './tap'

interface TileWish {
  reward: Reward
  /** Stays where it is and is not shown: WeChat is handed a class, not a list. */
  hidden?: boolean
  onOpen?: (() => void) | undefined
}

/** One reward: what it looks like, what it is called, what it costs, and what stands in the way. */
export const RewardTile = memo(({ reward, hidden, onOpen }: TileWish) => {
  const { rewardId, title, art, points, tierGate, favourite } = reward
  const beside = besidePrice(reward)
  const open = () => {
    onOpen?.()
    go(pathOfReward(rewardId))
  }
  return (
    <View id={`reward-${rewardId}`} className={`hy-tile${hidden ? ' hy-tile--off' : ''}`} {...tapProps(open)}>
      <RewardStage art={art} />
      {tierGate > 1 && <Text className="hy-tag hy-tile__tag">{`${tierName(tierGate)}起`}</Text>}
      {favourite && (
        <View className="hy-tile__heart">
          <Icon name="heart-full" size="s" />
          <Text className="hy-hidden">已收藏</Text>
        </View>
      )}
      <View className="hy-tile__name">{title}</View>
      <View className="hy-tile__price">
        <View className="hy-tile__cost">
          <Text className="hy-tile__n">{countText(points)}</Text>
          <Text> 分</Text>
        </View>
        <Text className={beside.due ? 'hy-tile__due' : ''}>{beside.words}</Text>
      </View>
    </View>
  )
})
