import { View } from '@tarojs/components'
import type { Mall } from '../../lib/mall'
import type { Reward } from '../../lib/reward'
import { Icon } from '../../ui/icon'
import { RewardStage } from '../../ui/reward-art'
import { FaultNote } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { useFavour } from './use-favour'

/** What it looks like, with the heart that keeps an eye on it; a guest is led to join. */
export function Front({ mall, reward, onJoin }: { mall: Mall; reward: Reward; onJoin: () => void }) {
  const { flip, fault } = useFavour(reward)
  const on = reward.favourite
  const tap = () => (mall.points === null ? onJoin() : void flip())
  return (
    <View>
      <View className="rw-front">
        <RewardStage art={reward.art} size="l" />
        <View
          id="favour"
          className={`rw-heart${on ? ' rw-heart--on' : ''}`}
          {...tapProps(tap, on ? '取消收藏' : '收藏')}
        >
          <Icon name={on ? 'heart-full' : 'heart'} />
        </View>
      </View>
      {fault && (
        <View className="hy-mt3">
          <FaultNote fault={fault} onRetry={() => void flip()} />
        </View>
      )}
    </View>
  )
}
