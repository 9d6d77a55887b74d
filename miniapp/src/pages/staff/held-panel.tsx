import { yuanText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { Text, View } from '@tarojs/components'
import { useEffect, useState } from 'react'
import { useNow } from '../../lib/clock'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { FaultNote } from '../../ui/states'
import type { Phase } from './phase'
import { Receipt } from './receipt'
import type { Counter } from './use-counter'
import { SETTLE_AFTER_MS } from './use-selling'

type HeldPhase = Extract<Phase, { step: 'held' }>

/** The price is locked and the coupon laid aside; the customer pays now. */
export function HeldPanel({ counter, phase }: { counter: Counter; phase: HeldPhase }) {
  const { sale, take, release, setOver } = counter
  const { hold } = phase
  const armed = useArmed(phase.heldAt)
  const busy = sale.settling.busy
  const change = async (then?: () => void) => {
    if (await release()) then?.()
  }
  return (
    <View id="held" className="st-bill">
      <Lock phase={phase} />
      <Receipt priced={hold} />
      {!sale.unsure && (
        <View className="st-change">
          <Button id="change-coupon" kind="line" small onTap={() => void change(() => setOver('coupons'))}>
            换一种券
          </Button>
          <Button id="change-amount" kind="line" small busy={sale.releasing.busy} onTap={() => void change()}>
            改金额
          </Button>
        </View>
      )}
      <View className="st-dock">
        {sale.fault && (
          <FaultNote fault={sale.fault} {...(sale.settling.fault ? { onRetry: () => void take() } : {})} />
        )}
        {sale.unsure && <Text className="hy-caption hy-2 st-unsure">再点一次就好，不会重复入账</Text>}
        <Button id="settle" block busy={busy} disabled={!busy && !armed} onTap={() => void take()}>
          {`已收到 ${yuanText(hold.payableFen)}`}
        </Button>
      </View>
    </View>
  )
}

/** The button stands where the one before it stood: it waits until a double tap is over. */
function useArmed(heldAt: number): boolean {
  const [armedFor, setArmedFor] = useState(0)
  useEffect(() => {
    const timer = setTimeout(() => setArmedFor(heldAt), SETTLE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [heldAt])
  return armedFor === heldAt
}

/** Counted from when the lock was asked for, so that a till whose clock is wrong counts right. */
function Lock({ phase: { heldSince } }: { phase: HeldPhase }) {
  const left = Math.max(0, Math.ceil((DEMO_POLICY.holdMinutes * 60_000 - (useNow(1_000) - heldSince)) / 1_000))
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  return (
    <View className={`st-lock${left < 60 ? ' st-lock--late' : ''}`}>
      <View className="st-lock__sign">
        <Icon name="lock" size="m" />
      </View>
      <View className="hy-grow">
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
