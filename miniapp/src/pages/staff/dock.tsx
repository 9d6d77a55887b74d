import { countText, yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { useEffect, useState } from 'react'
import type { Trouble } from '../../lib/api'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'
import type { Phase, Quote } from './phase'
import type { Counter } from './use-counter'
import { SETTLE_AFTER_MS } from './use-selling'

const visitOver = (fault: Trouble | null) => fault?.code === 'VISIT_OVER' || fault?.code === 'VISIT_UNKNOWN'

/** What is asked anew by itself needs no second button; the price below is the one that counts. */
const RENEWED: Trouble['code'][] = ['QUOTE_CHANGED', 'HOLD_OVER', 'RIGHT_USED_UP']

/** The one button and what stands in its way; on a phone also the sum, which is out of sight above. */
export function Dock({ counter, shown }: { counter: Counter; shown: Quote | undefined }) {
  const { phase, quote, sale, rescan, take } = counter
  const fault = sale.fault ?? (phase.step === 'held' ? null : quote.fault)
  const again = () => void (sale.fault ? take() : quote.reload())
  return (
    <View className="st-dock">
      <View>{fault && <FaultNote fault={fault} {...(RENEWED.includes(fault.code) ? {} : { onRetry: again })} />}</View>
      <View>{shown && !visitOver(fault) && <Sum quote={shown} />}</View>
      {sale.unsure && <Text className="hy-caption hy-2 st-unsure">再点一次就好，金额先别改，不会重复入账</Text>}
      {visitOver(fault) ? (
        <Button id="scan-again" block onTap={rescan}>
          重新扫码，金额留着
        </Button>
      ) : phase.step === 'held' ? (
        <Received counter={counter} phase={phase} />
      ) : (
        <Take counter={counter} />
      )}
    </View>
  )
}

const Sum = ({ quote: { payableFen, offFen, points, packet } }: { quote: Quote }) => (
  <View className="st-sum-line">
    <View className="hy-grow">
      <View className="hy-bold">{offFen > 0 ? `实收，已省 ${yuanText(offFen)}` : '实收'}</View>
      <View className="hy-caption hy-2">
        {[points > 0 ? `得 ${countText(points)} 积分` : null, packet ? '送红包' : null].filter(Boolean).join(' · ')}
      </View>
    </View>
    <Text className="st-sum-line__n">{yuanText(payableFen)}</Text>
  </View>
)

/** Locks the price, or takes the money at once where nothing is taken off. */
function Take({ counter: { ring, sale, quote, way, take } }: { counter: Counter }) {
  const rung = ring.cart !== null
  const payableFen = quote.now?.payableFen ?? (way === 'settle' ? ring.fullFen : null)
  const hold = way === 'hold'
  const { busy } = sale
  return (
    <Button
      id={hold ? 'hold' : 'settle'}
      block
      busy={busy}
      disabled={!busy && (way === null || !rung)}
      onTap={() => void take()}
    >
      {rung && payableFen !== null && way !== null ? `${hold ? '收款' : '已收到'} ${yuanText(payableFen)}` : '收款'}
    </Button>
  )
}

function Received({ counter: { sale, take }, phase }: { counter: Counter; phase: Extract<Phase, { step: 'held' }> }) {
  const armed = useArmed(phase.heldAt)
  const { busy } = sale.settling
  return (
    <Button id="settle" block busy={busy} disabled={!busy && !armed} onTap={() => void take()}>
      {`已收到 ${yuanText(phase.hold.payableFen)}`}
    </Button>
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
