import { Text, View } from '@tarojs/components'
import { go, toTab } from '../../lib/nav'
import type { Redemption } from '../../lib/reward'
import { Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { RewardStage } from '../../ui/reward-art'
import { tapProps } from '../../ui/tap'
import { inFours } from './pick-up-code'
import { factsOf, nextWords, standing } from './standing'

interface CardWish {
  redemption: Redemption
  onPick: (redemption: Redemption) => void
  onCancel: (redemption: Redemption) => void
}

/** One exchange with its state; the code stands large where it can be picked up. */
export function RedemptionCard({ redemption, onPick, onCancel }: CardWish) {
  const { redemptionId, title, state, kind, pickupCode, partnerCode, canCancel } = redemption
  const open = () => go(`/pages/mall/redemption?redemptionId=${redemptionId}`)
  return (
    <View className="hy-panel rd-card">
      <View className="rd-open" {...tapProps(open)}>
        <RedemptionHead redemption={redemption} leads />
      </View>
      {pickupCode !== null && (
        <View
          className="rd-code"
          {...tapProps(() => onPick(redemption), `${title}，取货码 ${inFours(pickupCode)}，放大出示`)}
        >
          <View>
            <View className="hy-caption">取货码</View>
            <View className="rd-code__n">{inFours(pickupCode)}</View>
          </View>
          <Text className="rd-code__go">放大出示</Text>
        </View>
      )}
      {canCancel && (
        <View className="rd-foot">
          <Button kind="ghost" small label={`取消兑换${title}`} onTap={() => onCancel(redemption)}>
            取消兑换
          </Button>
        </View>
      )}
      {kind === 'coupon' && state === 'done' && (
        <View className="rd-foot">
          <Button kind="ghost" small label={`去卡券看看，${title}`} onTap={() => toTab('coupon')}>
            去卡券看看
          </Button>
        </View>
      )}
      {partnerCode !== null && (
        <View className="rd-foot">
          <Button kind="ghost" small label={`看兑换码，${title}`} onTap={open}>
            看兑换码
          </Button>
        </View>
      )}
    </View>
  )
}

/** What it is, how it stands, and what is next. */
export function RedemptionHead({ redemption, leads }: { redemption: Redemption; leads?: boolean }) {
  const { title, art, state } = redemption
  const { name, tag } = standing(redemption)
  return (
    <View className={`hy-row hy-row--top${state === 'cancelled' ? ' rd-over' : ''}`}>
      <RewardStage art={art} size="s" />
      <View className="rw-what">
        <View className="hy-row hy-between hy-row--top">
          <Text className="hy-bold rd-title">{title}</Text>
          <Tag {...(tag ? { kind: tag } : {})}>{name}</Tag>
        </View>
        <View className="hy-caption hy-2 rd-next">{nextWords(redemption, new Date())}</View>
        <View className="hy-row hy-between">
          <View className="hy-caption hy-3 hy-grow">
            {factsOf(redemption).map((fact) => (
              <Text key={fact} className="hy-whole">
                {fact}
              </Text>
            ))}
          </View>
          {leads && <Icon name="go" size="s" className="hy-cell__go" />}
        </View>
      </View>
    </View>
  )
}
