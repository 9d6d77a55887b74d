import { Text, View } from '@tarojs/components'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import { adviceOf } from './advice'
import { Dock } from './dock'
import { Gains } from './gains'
import { ChangeRow, Lock } from './lock'
import type { Quote } from './phase'
import { PointsRow } from './points-row'
import { Receipt } from './receipt'
import type { Counter } from './use-counter'

/**
 * What the amount costs this customer and why, told before the button that takes the money; then the same paper with its
 * price locked. Each part has a place of its own that stays: WeChat is sent only what changes in it.
 */
export function BillPanel({ counter }: { counter: Counter }) {
  const { phase, quote, ring } = counter
  const rung = ring.cart !== null
  const held = phase.step === 'held' ? phase : null
  const visit = phase.step === 'ring' ? phase.visit : null
  const shown = visit && rung ? (quote.now ?? quote.last) : undefined
  const pale = !held && quote.now === undefined
  const priced = held?.hold ?? shown
  return (
    <View className="st-bill">
      <View>{held ? <Lock phase={held} /> : shown && <Head quote={shown} counter={counter} />}</View>
      <View>
        {priced ? (
          <Receipt priced={priced} pale={pale} />
        ) : (
          <View className="hy-panel hy-panel--pad hy-2 st-bill__wait">{waitWords(visit !== null, rung)}</View>
        )}
      </View>
      <View>{visit?.maySpend && shown && <PointsRow counter={counter} quote={shown} />}</View>
      <View>{visit && shown && <Advice quote={shown} tier={visit.member.tier} />}</View>
      <View>
        {held && <ChangeRow counter={counter} />}
        {visit && shown && <Gains quote={shown} tier={visit.member.tier} pale={pale} />}
      </View>
      <Dock counter={counter} shown={shown} />
    </View>
  )
}

const Head = ({ quote, counter: { setOver } }: { quote: Quote; counter: Counter }) => (
  <View className="st-bill__head">
    <Text className="hy-title">小票</Text>
    {quote.coupons.length > 0 && (
      <View
        id="coupon-open"
        className="st-link"
        {...tapProps(() => setOver('coupons'), `换一种券，有 ${quote.coupons.length} 张`)}
      >
        <Icon name="ticket" size="m" />
        <Text className="st-link__in">换一种券</Text>
      </View>
    )}
  </View>
)

function waitWords(there: boolean, rung: boolean): string {
  if (!there) return '扫到会员码，这里出小票'
  return rung ? '正在算…' : '输入金额或点商品，看看能省多少'
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
