import { pickupByOf } from '@huiyuan/shared/mall'
import { countText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import type { Trouble } from '../../lib/api'
import { refresh } from '../../lib/query'
import type { Reward } from '../../lib/reward'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { RewardStage } from '../../ui/reward-art'
import { FaultNote } from '../../ui/states'
import { spendWords } from './early'

interface ConfirmWish {
  reward: Reward
  points: number
  busy: boolean
  fault: Trouble | null
  onSubmit: () => void
  onClose: () => void
}

/** What is about to happen: the points before and after, and until when it has to be picked up. */
export const Confirm = ({ reward, points, busy, fault, onSubmit, onClose }: ConfirmWish) => (
  <View>
    <View className="hy-row">
      <RewardStage art={reward.art} size="s" />
      <View className="rw-what">
        <View className="hy-bold">{reward.title}</View>
        <View className="hy-caption hy-2">{untilWords(reward)}</View>
      </View>
    </View>
    <View className="rw-sum">
      <View>
        <View className="hy-caption hy-2">现在</View>
        <Text className="rw-sum__n">{countText(points)}</Text>
      </View>
      <Text className="rw-sum__less">{`−${countText(reward.points)}`}</Text>
      <View className="rw-sum__end">
        <View className="hy-caption hy-2">换完还有</View>
        <Text className="rw-sum__n hy-brandly">{countText(points - reward.points)}</Text>
      </View>
    </View>
    <Beforehand reward={reward} />
    {fault && <FaultNote fault={fault} onRetry={retryOf(fault, onSubmit)} />}
    <View className="hy-dock">
      <Button id="exchange-confirm" block busy={busy} disabled={reward.refusal !== null} onTap={onSubmit}>
        {`确认，用 ${countText(reward.points)} 积分换`}
      </Button>
      <Button id="exchange-later" block kind="ghost" onTap={onClose}>
        再想想
      </Button>
    </View>
  </View>
)

/** What else goes, or cannot be undone, is said before. */
function Beforehand({ reward }: { reward: Reward }) {
  const spent = spendWords(reward, new Date())
  return (
    <View>
      {spent.map((words) => (
        <View key={words} id="confirm-early" className="rw-before">
          <Icon name="medal" size="m" />
          <Text className="rw-before__words">{words}</Text>
        </View>
      ))}
      {reward.kind === 'partner_code' && (
        <View id="confirm-final" className="rw-before rw-before--final">
          <Icon name="warn" size="m" />
          <Text className="rw-before__words">确认后立刻给码，给出就不能取消，积分不退</Text>
        </View>
      )}
    </View>
  )
}

/** A changed price is looked at first, and only then paid. */
const retryOf = (fault: Trouble, onSubmit: () => void) =>
  fault.code === 'REWARD_CHANGED' ? () => void refresh('mall') : onSubmit

function untilWords({ kind, prepareHours, pickupDays }: Reward): string {
  if (kind === 'coupon') return '换完立刻放进卡券'
  if (kind === 'partner_code') return '换完立刻给码'
  const now = new Date()
  const readyAt = new Date(now.getTime() + prepareHours * 3_600_000)
  const by = dayWords(pickupByOf(readyAt, pickupDays), now)
  const about = `约 ${dayWords(readyAt, now)} ${clockText(readyAt)} `
  if (kind === 'service') return `${prepareHours > 0 ? `${about}安排好` : '现在就能用'}，${by}前到店`
  return `${prepareHours > 0 ? `${about}备好` : '现在就能取'}，${by}前取走`
}
