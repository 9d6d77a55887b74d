import { countText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { type Reward, unitOf } from '../../lib/reward'
import { Cell, Panel, Section } from '../../ui/blocks'
import { keptWords } from './early'

const moment = (iso: string) => `${dayWords(new Date(iso), new Date())} ${clockText(new Date(iso))}`

const waiting = (hours: number) => (hours === 0 ? '现货，换完就能取' : `备货约 ${hours} 小时，备好就能取`)

/** How it is collected, how many there are, and what the house says about it. */
export const Facts = ({ reward }: { reward: Reward }) => (
  <View>
    <Section title="怎么拿到" />
    <Panel>
      <Ways reward={reward} />
      <Stock reward={reward} />
      <Kept reward={reward} />
      {reward.endsAt && <Cell icon="bell" tone="quiet" title={`${moment(reward.endsAt)} 结束兑换`} />}
    </Panel>
    <Section title="兑换规则" />
    <Panel pad>
      <View className="hy-2">{reward.rules}</View>
    </Panel>
  </View>
)

/** Each kind comes to its owner in its own way. */
function Ways({ reward: { kind, prepareHours, pickupDays } }: { reward: Reward }) {
  switch (kind) {
    case 'coupon':
      return <Cell icon="ticket" title="立刻放进卡券" sub="结账时出示会员码就能用" />
    case 'partner_code':
      return (
        <>
          <Cell icon="link" title="兑换后立刻给码" sub="码留在「我的兑换」里，随时能看、能复制" />
          <Cell icon="warn" tone="accent" title="给出就不能退" sub="码一给出就算用掉，积分不退" />
        </>
      )
    case 'service':
      return (
        <>
          <Cell
            icon="store"
            title="到店使用"
            sub={`${prepareHours === 0 ? '换完就能用' : `门店约 ${prepareHours} 小时安排好`}，出示会员码，再报 8 位取货码`}
          />
          <Cell icon="clock" title={`${pickupDays} 天内到店`} sub="过期没有用，积分退回原来的批次" />
          <Cell icon="spark" title="到店前可以取消" sub="积分退回原来的批次，到期日不变" />
        </>
      )
    default:
      return (
        <>
          <Cell icon="clock" title={waiting(prepareHours)} sub={`备好后 ${pickupDays} 天内取走`} />
          <Cell icon="store" title="任一门店自取" sub="出示会员码，再报 8 位取货码" />
          <Cell icon="spark" title="没取走前可以取消" sub="积分退回原来的批次，到期日不变" />
        </>
      )
  }
}

/** For whom some are kept is said to everybody: those who may have them, and those who find the rest gone. */
function Kept({ reward }: { reward: Reward }) {
  const told = keptWords(reward, new Date())
  return told && <Cell id="reward-kept" icon="medal" tone={reward.kept?.mine ? 'accent' : 'quiet'} {...told} />
}

function Stock({ reward }: { reward: Reward }) {
  const { left, stockTotal, takenByMe } = reward
  if (left === null) return null
  const unit = unitOf(reward)
  const of = stockTotal === null ? '' : `共 ${countText(stockTotal)} ${unit}`
  const mine = takenByMe > 0 ? `我换过 ${takenByMe} ${unit}` : ''
  return (
    <Cell
      icon="mall"
      tone="quiet"
      title={left === 0 ? '换完了' : `还剩 ${countText(left)} ${unit}`}
      sub={[of, mine].filter(Boolean).join(' · ')}
    />
  )
}
