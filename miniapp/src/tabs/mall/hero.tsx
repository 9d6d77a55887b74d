import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { faultText } from '../../lib/fault-text'
import { go } from '../../lib/nav'
import { earlyName, isEarlyNow, openingWords, pathOfReward, type Reward, unitOf } from '../../lib/reward'
import { Countdown } from '../../ui/countdown'
import { RewardArt } from '../../ui/reward-art'
import { tapProps } from '../../ui/tap'

/** The limited edition, with the time until it opens for this very person. */
export function Hero({ reward, onOpen }: { reward: Reward; onOpen: () => void }) {
  const { rewardId, title, art, points, perPersonLimit, stockTotal, opensForMeAt } = reward
  const facts = [
    stockTotal !== null && `限量 ${countText(stockTotal)} ${unitOf(reward)}`,
    perPersonLimit !== null && `每人 ${perPersonLimit} ${unitOf(reward)}`,
  ].filter((fact): fact is string => typeof fact === 'string')
  return (
    <View id="mall-hero" className="ml-hero hy-tier-6" {...tapProps(() => go(pathOfReward(rewardId)))}>
      <View className="hy-card__pattern ml-hero__pattern" />
      <RewardArt art={art} className="ml-hero__art" />
      <View className="ml-hero__in">
        <View className="hy-caption ml-hero__q">
          {facts.map((fact) => (
            <Text key={fact} className="hy-whole">
              {fact}
            </Text>
          ))}
        </View>
        <View className="hy-display hy-mt1 ml-hero__name">{title}</View>
        <View className="hy-mt2 hy-num">
          <Text className="hy-title">{countText(points)}</Text>
          <Text className="ml-hero__q"> 积分</Text>
        </View>
        <View className="ml-hero__foot">
          <Standing reward={reward} opensForMeAt={opensForMeAt} onOpen={onOpen} />
          <Text className="ml-hero__go">去看看</Text>
        </View>
      </View>
    </View>
  )
}

/** Not open yet, open early, open with so many left, or why not. */
function Standing({ reward, opensForMeAt, onOpen }: { reward: Reward; opensForMeAt: string; onOpen: () => void }) {
  const { left, refusal } = reward
  const now = new Date()
  if (new Date(opensForMeAt) > now)
    return (
      <View>
        <View className="hy-caption ml-hero__q ml-hero__when">{openingWords(reward, now)}</View>
        <Countdown at={opensForMeAt} onOver={onOpen} />
      </View>
    )
  if (isEarlyNow(reward, now) && refusal?.code !== 'REWARD_LIMIT')
    return (
      <View>
        <View className="hy-caption ml-hero__q ml-hero__when">
          {`${earlyName(reward, now) ?? '早享'}进行中，离公开还有`}
        </View>
        <Countdown at={reward.publicAt} onOver={onOpen} />
      </View>
    )
  const words = refusal && refusal.code !== 'POINTS_SHORT' ? faultText(refusal).title : leftWords(left, reward)
  return (
    <View>
      <View className="hy-caption ml-hero__q">正在兑换</View>
      <View className="hy-title hy-mt1">{words}</View>
    </View>
  )
}

const leftWords = (left: number | null, reward: Reward) =>
  left === null ? '每一件都有编号' : left === 0 ? '换完了' : `还剩 ${countText(left)} ${unitOf(reward)}`
