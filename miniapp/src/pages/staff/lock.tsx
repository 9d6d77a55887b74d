import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { Text, View } from '@tarojs/components'
import { useNow } from '../../lib/clock'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import type { Phase } from './phase'
import type { Counter } from './use-counter'

/** The price is locked and the coupon laid aside. Counted from when it was asked for, so that a till whose clock is wrong counts right. */
export function Lock({ phase: { heldSince } }: { phase: Extract<Phase, { step: 'held' }> }) {
  const left = Math.max(0, Math.ceil((DEMO_POLICY.holdMinutes * 60_000 - (useNow(1_000) - heldSince)) / 1_000))
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  return (
    <View id="held" className={`st-lock${left < 60 ? ' st-lock--late' : ''}`}>
      <Icon name="lock" size="m" />
      <View className="st-lock__main">
        <View className="hy-title">{left > 0 ? '请顾客付款' : '锁定时间到了'}</View>
        <View className="hy-caption">
          {left > 0 ? `价格和券已锁定 ${DEMO_POLICY.holdMinutes} 分钟` : '点「改金额」重新算一次'}
        </View>
      </View>
      <Text id="hold-left" className="st-lock__n">
        {clock}
      </Text>
    </View>
  )
}

/** Two ways back to the keypad; none while nobody knows whether the money was taken into account. */
export function ChangeRow({ counter: { sale, release, setOver } }: { counter: Counter }) {
  const change = async (then?: () => void) => {
    if (await release()) then?.()
  }
  if (sale.settling.unsure) return null
  return (
    <View className="st-change">
      <Button id="change-coupon" kind="line" small onTap={() => void change(() => setOver('coupons'))}>
        换一种券
      </Button>
      <Button id="change-amount" kind="line" small busy={sale.releasing.busy} onTap={() => void change()}>
        改金额
      </Button>
    </View>
  )
}
