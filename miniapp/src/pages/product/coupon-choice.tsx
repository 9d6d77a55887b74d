import { groupWords } from '@huiyuan/shared/coupon-words'
import { yuanText } from '@huiyuan/shared/money'
import type { JudgedCoupon, Price } from '@huiyuan/shared/pricing'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { faultText } from '../../lib/fault-text'
import { aria } from '../../ui/aria'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import { toggled, type Wish } from './preview'
import type { Known } from './use-menu'

type Choice = Wish['coupons']

interface ChoiceWish {
  price: Price
  choice: Choice
  known: Known
  onChoice: (choice: Choice) => void
}

/** Which coupons: the best by themselves, those one ticks, or none. */
export function CouponChoice({ price, choice, known, onChoice }: ChoiceWish) {
  const [open, setOpen] = useState(false)
  const used = price.couponIds.length
  const words = used > 0 ? `用了 ${used} 张` : choice === 'none' ? '这一单不用券' : '没有能用的'
  return (
    <View className="pc-coupons">
      <View id="coupon-open" className="hy-cell hy-cell--tap pc-head" {...tapProps(() => setOpen(!open))}>
        <View className="hy-cell__main">
          <View className="hy-cell__title">优惠券</View>
        </View>
        <View className="hy-cell__end">
          <Text>{choice === 'best' && used > 0 ? `自动选了最省的 ${used} 张` : words}</Text>
          <Icon name="go" size="s" className={`hy-ticket__fold hy-cell__go${open ? ' hy-ticket__fold--open' : ''}`} />
        </View>
      </View>
      {open && <Choices price={price} choice={choice} known={known} onChoice={onChoice} />}
    </View>
  )
}

const SHOWN = 5

function Choices({ price: { coupons, couponIds }, choice, known, onChoice }: ChoiceWish) {
  const [limit, setLimit] = useState(SHOWN)
  const offered = known.standing?.coupons ?? []
  return (
    <View id="coupon-choices">
      <Tick id="coupon-best" on={choice === 'best'} title="自动选最省的" onTap={() => onChoice('best')} />
      {coupons.slice(0, limit).map((coupon) => {
        const group = offered.find(({ couponId }) => couponId === coupon.couponId)?.stackingGroup ?? ''
        return (
          <Tick
            key={coupon.couponId}
            id={`coupon-${coupon.couponId}`}
            on={coupon.chosen}
            title={coupon.title}
            sub={subOf(coupon, group)}
            {...(coupon.chosen || canJoin(coupon)
              ? { onTap: () => onChoice(toggled(couponIds, coupon.couponId, offered)) }
              : {})}
          />
        )
      })}
      {limit < coupons.length && (
        <View id="coupon-more" className="pc-more" {...tapProps(() => setLimit(limit + SHOWN))}>
          <Text>{`还有 ${coupons.length - limit} 张`}</Text>
        </View>
      )}
      <Tick id="coupon-none" on={choice === 'none'} title="这一单不用券" onTap={() => onChoice('none')} />
    </View>
  )
}

/** One that only does not go with the others can take their place. */
const canJoin = ({ refusal }: JudgedCoupon) => refusal === null || refusal.code === 'COUPON_STACK'

const subOf = ({ refusal, chosen, offFen }: JudgedCoupon, group: string) => {
  const worth = refusal ? faultText(refusal).title : `${chosen ? '已省' : '可省'} ${yuanText(offFen)}`
  return [groupWords(group), worth].filter(Boolean).join(' · ')
}

interface TickWish {
  id: string
  on: boolean
  title: string
  sub?: string
  /** Nothing to tap where it cannot be used. */
  onTap?: () => void
}

const Tick = ({ id, on, title, sub, onTap }: TickWish) => (
  <View
    id={id}
    className={`hy-tick pc-choice${on ? ' hy-tick--on' : ''}${onTap ? '' : ' pc-choice--off'}`}
    {...(onTap ? tapProps(onTap) : {})}
    {...aria({ role: 'checkbox', checked: on, label: sub ? `${title}，${sub}` : title, disabled: !onTap })}
  >
    <View className="hy-tick__box">
      <Icon name="check" size="s" />
    </View>
    <View className="hy-grow">
      <View>{title}</View>
      {sub && <View className="pc-why">{sub}</View>}
    </View>
  </View>
)
