import { countText, yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import type { Trouble } from '../../lib/api'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { FaultNote } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { adviceOf } from './advice'
import { Gains } from './gains'
import type { Quote } from './phase'
import { Receipt } from './receipt'
import type { Counter } from './use-counter'

/** What the amount costs this customer and why, told before the button that takes the money. */
export function BillPanel({ counter }: { counter: Counter }) {
  const { phase, quote, amountFen, setOver } = counter
  const visit = phase.step === 'ring' ? phase.visit : null
  const shown = amountFen > 0 ? (quote.now ?? quote.last) : undefined
  const pale = quote.now === undefined
  return (
    <View className="st-bill">
      {visit && shown ? (
        <>
          <View className="st-bill__head">
            <Text className="hy-title">小票</Text>
            {shown.coupons.length > 0 && (
              <View
                id="coupon-open"
                className="st-link"
                {...tapProps(() => setOver('coupons'), `换一种券，有 ${shown.coupons.length} 张`)}
              >
                <Icon name="ticket" size="m" />
                <Text className="st-link__in">换一种券</Text>
              </View>
            )}
          </View>
          <Receipt priced={shown} pale={pale} />
          <Advice quote={shown} tier={visit.member.tier} />
          <Gains quote={shown} tier={visit.member.tier} pale={pale} />
        </>
      ) : (
        <View className="hy-panel hy-panel--pad hy-2 st-bill__wait">{waitWords(visit !== null, amountFen)}</View>
      )}
      <Dock counter={counter} shown={visit ? shown : undefined} />
    </View>
  )
}

function waitWords(there: boolean, amountFen: number): string {
  if (!there) return '扫到会员码，这里就是小票：能省多少、得多少积分'
  return amountFen === 0 ? '输入应收金额，看看能省多少' : '正在算…'
}

/** What would save more, or lift: worth a sentence of the clerk. */
const Advice = ({ quote, tier }: { quote: Quote; tier: number }) => {
  const sentences = adviceOf(quote, tier)
  return sentences.length > 0 ? (
    <View className="st-advice">
      {sentences.map((sentence) => (
        <View key={sentence} className="st-advice__line">
          <Icon name="spark" size="m" />
          <Text className="st-say__words">{sentence}</Text>
        </View>
      ))}
    </View>
  ) : null
}

const visitOver = (fault: Trouble | null) => fault?.code === 'VISIT_OVER' || fault?.code === 'VISIT_UNKNOWN'

/** The button and what stands in its way; on a phone also the sum, which is out of sight above. */
function Dock({ counter, shown }: { counter: Counter; shown: Quote | undefined }) {
  const { quote, sale, rescan, take } = counter
  const fault = sale.fault ?? quote.fault
  // what is asked anew by itself needs no second button; the price below is the one that counts
  const again = ['QUOTE_CHANGED', 'HOLD_OVER'].includes(fault?.code ?? '')
    ? undefined
    : () => void (sale.fault ? take() : quote.reload())
  return (
    <View className="st-dock">
      {fault && <FaultNote fault={fault} {...(again ? { onRetry: again } : {})} />}
      {visitOver(fault) ? (
        <Button id="scan-again" block onTap={rescan}>
          重新扫码，金额留着
        </Button>
      ) : (
        <>
          {shown && <Sum quote={shown} />}
          <Take counter={counter} />
        </>
      )}
    </View>
  )
}

const Sum = ({ quote: { payableFen, offFen, points, packet } }: { quote: Quote }) => (
  <View className="st-sum-line">
    <View className="hy-grow">
      <View className="hy-bold">{offFen > 0 ? `实收，已省 ${yuanText(offFen)}` : '实收'}</View>
      <View className="hy-caption hy-2">
        {[points > 0 ? `得 ${countText(points)} 积分` : null, packet ? `送红包「${packet.title}」` : null]
          .filter(Boolean)
          .join(' · ')}
      </View>
    </View>
    <Text className="st-sum-line__n">{yuanText(payableFen)}</Text>
  </View>
)

function Take({ counter: { amountFen, sale, quote, way, take } }: { counter: Counter }) {
  const payableFen = quote.now?.payableFen ?? (way === 'settle' ? amountFen : null)
  const hold = way === 'hold'
  const busy = sale.busy
  const what = hold ? '收款' : '已收到'
  return (
    <>
      {sale.unsure && <Text className="hy-caption hy-2 st-unsure">先别改金额，再点一次，不会重复入账</Text>}
      <Button
        id={hold ? 'hold' : 'settle'}
        block
        busy={busy}
        disabled={!busy && (way === null || amountFen === 0)}
        onTap={() => void take()}
      >
        {amountFen > 0 && payableFen !== null && way !== null ? `${what} ${yuanText(payableFen)}` : '收款'}
      </Button>
    </>
  )
}
