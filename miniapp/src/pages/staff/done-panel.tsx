import { countText, yuanText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Points } from '../../ui/points'
import { TierMark } from '../../ui/tier-mark'
import type { Phase, Settled } from './phase'

/** Settled: what was gained and when it can be used. */
export function DonePanel({ phase, onNext }: { phase: Extract<Phase, { step: 'done' }>; onNext: () => void }) {
  const { visit, order } = phase
  const { available, pending } = order.pointsAfter
  return (
    <View id="done" className="hy-panel hy-panel--pad" {...aria({ role: 'alert' })}>
      <View className="st-done">
        <View className="st-done__tick">
          <Icon name="check" size="l" />
        </View>
        <View className="hy-title">{`${visit.member.nameMasked} · 已入账 ${yuanText(order.amountFen)}`}</View>
        {order.fullFen > order.amountFen && (
          <View className="hy-2">{`这一单省了 ${yuanText(order.fullFen - order.amountFen)}`}</View>
        )}
        {order.pointsUsed > 0 && (
          <View id="done-used" className="hy-2">{`其中用了 ${countText(order.pointsUsed)} 积分`}</View>
        )}
        <View className="st-done__n">
          <Text className="st-done__plus">+</Text>
          <Points id="done-points" size="xl" value={order.points} countUp />
        </View>
        <View className="hy-2">
          {order.points > 0 ? `${dayWords(new Date(order.activeAt), new Date())}生效` : '金额不足 1 元，这一单不积分'}
        </View>
        {order.packet && <Packet packet={order.packet} />}
        {order.tierAfter > order.tierBefore && <Lift order={order} />}
        <View className="hy-caption hy-2 hy-mt3">
          {`现有 ${countText(available)} 积分${pending > 0 ? `，${countText(pending)} 待生效` : ''}`}
        </View>
        <View className="hy-caption hy-3 hy-mt1 hy-num">{`${order.orderNo} · ${clockText(new Date(order.settledAt))}`}</View>
      </View>
      <View className="hy-dock">
        <Button id="next-member" block onTap={onNext}>
          下一位
        </Button>
      </View>
    </View>
  )
}

/** The coupon that thanks for the purchase: worth a word, so that the customer comes back with it. */
const Packet = ({ packet: { title, expiresAt } }: { packet: NonNullable<Settled['packet']> }) => (
  <View id="packet" className="st-packet">
    <Icon name="ticket" size="m" />
    <View className="st-packet__main">
      <View className="hy-bold">{`红包「${title}」已送`}</View>
      <View className="hy-caption">{`用到 ${dayWords(new Date(expiresAt), new Date())}，在「卡券」里`}</View>
    </View>
  </View>
)

/** The new glaze of somebody who has just been lifted. */
function Lift({ order }: { order: Settled }) {
  const { name, glaze } = rungOf(order.tierAfter, DEMO_POLICY)
  return (
    <View id="tier-lift" className={`hy-card hy-card--mini st-lift hy-tier-${order.tierAfter}`}>
      <View className="hy-card__pattern" />
      <View className="hy-card__light" />
      <View className="hy-card__tier st-lift__in">
        <TierMark tier={order.tierAfter} size="l" className="hy-card__mark" />
        <Text>{`升为${name}会员 · ${glaze}`}</Text>
      </View>
    </View>
  )
}
