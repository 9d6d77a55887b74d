import { yuanText } from '@huiyuan/shared/money'
import { daysUntil } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { faultText } from '../../lib/fault-text'
import { Tag } from '../../ui/blocks'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { tapProps } from '../../ui/tap'
import { More } from './more'
import type { Choice, Quote } from './phase'
import type { Counter } from './use-counter'
import { useSome } from './use-some'

export type OfferedCoupon = Quote['coupons'][number]

/** Which coupon to take for this amount: each with what it saves, or why it does not fit. */
export function CouponSheet({ counter }: { counter: Counter }) {
  const { over, setOver, quote, choice, setChoice } = counter
  const coupons = (quote.now ?? quote.last)?.coupons ?? []
  const { shown, rest, more } = useSome(coupons)
  const close = () => setOver(null)
  const choose = (wish: Choice) => {
    setChoice(wish)
    close()
  }
  return (
    <Sheet open={over === 'coupons'} onClose={close} title="用哪张券">
      <View className="st-choices">
        {shown.map((coupon) => (
          <CouponRow key={coupon.couponId} coupon={coupon} onTap={() => choose(coupon.couponId)} />
        ))}
        <More rest={rest} onTap={more} />
        {coupons.length === 0 && <View className="hy-2">这位顾客现在没有券</View>}
        <View
          id="coupon-none"
          className={`hy-cell hy-cell--tap st-choice${choice === 'none' ? ' st-choice--on' : ''}`}
          {...tapProps(() => choose('none'))}
        >
          <View className="hy-cell__main">
            <View className="hy-cell__title">这一单不用券</View>
            <View className="hy-cell__sub">留着下次用</View>
          </View>
          {choice === 'none' && <Icon name="check" size="m" className="hy-brandly" />}
        </View>
        {choice !== 'best' && coupons.length > 0 && (
          <View id="coupon-best" className="hy-cell hy-cell--tap st-choice" {...tapProps(() => choose('best'))}>
            <View className="hy-cell__main">
              <View className="hy-cell__title">自动选最省的</View>
            </View>
          </View>
        )}
      </View>
    </Sheet>
  )
}

/** One coupon as the counter sees it; one that does not fit says why and cannot be taken. */
const CouponRow = ({ coupon, onTap }: { coupon: OfferedCoupon; onTap: () => void }) => {
  const { couponId, title, refusal, chosen } = coupon
  const tap = refusal ? {} : tapProps(onTap)
  return (
    <View
      id={`coupon-${couponId}`}
      className={`hy-cell st-choice${refusal ? ' st-choice--off' : ' hy-cell--tap'}${chosen ? ' st-choice--on' : ''}`}
      {...tap}
    >
      <View className={`hy-cell__lead hy-cell__lead--${refusal ? 'quiet' : 'accent'}`}>
        <Icon name="ticket" size="m" />
      </View>
      <View className="hy-cell__main">
        <View className="hy-cell__title">{title}</View>
        <View className="hy-cell__sub">{lifeWords(coupon)}</View>
      </View>
      <View className="hy-cell__end">{endTag(coupon)}</View>
    </View>
  )
}

export const lifeWords = ({ expiresAt }: OfferedCoupon): string => {
  const days = daysUntil(new Date(expiresAt), new Date())
  return days <= 0 ? '今天到期' : `还有 ${days} 天`
}

/** What it does for this amount: taken, saves so much, or the words of its refusal. */
export const endTag = ({ refusal, chosen, offFen }: OfferedCoupon) => {
  // a coupon that is not usable now lies in a price that is locked
  if (refusal?.code === 'COUPON_TAKEN') return <Tag>另一单在用</Tag>
  if (refusal) return <Tag>{faultText(refusal).title}</Tag>
  return chosen ? <Tag kind="ok">已用上</Tag> : <Tag kind="brand">{`省 ${yuanText(offFen)}`}</Tag>
}
