import { yuanText } from '@huiyuan/shared/money'
import { daysUntil } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { faultText } from '../../lib/fault-text'
import { aria } from '../../ui/aria'
import { Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { tapProps } from '../../ui/tap'
import { More } from './more'
import type { Choice, Quote } from './phase'
import type { Counter } from './use-counter'
import { useSome } from './use-some'

export type OfferedCoupon = Quote['coupons'][number]

/** Which coupons to take for this bill, several where they go together: each with what it saves, or why it does not fit. */
export function CouponSheet({ counter }: { counter: Counter }) {
  const { over, setOver, quote, choice, setChoice } = counter
  const known = quote.now ?? quote.last
  const coupons = known?.coupons ?? []
  const { shown, rest, more } = useSome(coupons)
  const wanted = Array.isArray(choice) ? choice : choice === 'none' ? [] : (known?.couponIds ?? [])
  const close = () => setOver(null)
  const choose = (wish: Choice) => {
    setChoice(wish)
    close()
  }
  const toggle = (couponId: string) => {
    const ids = wanted.includes(couponId) ? wanted.filter((id) => id !== couponId) : [...wanted, couponId]
    setChoice(ids.length > 0 ? ids : 'none')
  }
  return (
    <Sheet open={over === 'coupons'} onClose={close} title="用哪些券">
      <View className="st-choices">
        {shown.map((coupon) => (
          <CouponRow
            key={coupon.couponId}
            coupon={coupon}
            wanted={wanted.includes(coupon.couponId)}
            onTap={() => toggle(coupon.couponId)}
          />
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
      {coupons.length > 0 && (
        <View className="hy-dock">
          <Button id="coupon-done" block onTap={close}>
            {chosenWords(quote.now)}
          </Button>
        </View>
      )}
    </Sheet>
  )
}

/** `用 2 张，省 ¥13.00`: what the chosen ones take off together, once it is known. */
function chosenWords(quote: Quote | undefined): string {
  if (!quote) return '正在算…'
  const { couponIds, receipt } = quote
  if (couponIds.length === 0) return '好了，不用券'
  const offFen = receipt.reduce((sum, line) => sum + (line.rule.startsWith('coupon:') ? line.offFen : 0), 0)
  return `用 ${couponIds.length} 张，省 ${yuanText(offFen)}`
}

/** One coupon as the counter sees it; one that does not fit says why and cannot be taken. */
const CouponRow = ({ coupon, wanted, onTap }: { coupon: OfferedCoupon; wanted: boolean; onTap: () => void }) => {
  const { couponId, title, refusal } = coupon
  // what only does not go with the others can be chosen instead of them, and given up
  const open = wanted || !refusal || refusal.code === 'COUPON_STACK'
  const tap = open ? tapProps(onTap) : {}
  return (
    <View
      id={`coupon-${couponId}`}
      className={`hy-cell st-choice${open ? ' hy-cell--tap' : ' st-choice--off'}${wanted ? ' st-choice--on' : ''}`}
      {...tap}
      {...(open ? aria({ role: 'checkbox', checked: wanted }) : {})}
    >
      <View className={`hy-cell__lead hy-cell__lead--${refusal ? 'quiet' : 'accent'}`}>
        <Icon name={wanted ? 'check' : 'ticket'} size="m" />
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
