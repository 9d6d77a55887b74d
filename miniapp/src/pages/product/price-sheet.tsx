import { countText, yuanText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { emptyCart } from '../../lib/cart'
import { toTab } from '../../lib/nav'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Later } from '../../ui/later'
import { Sheet } from '../../ui/sheet'
import { tapProps } from '../../ui/tap'
import { CouponChoice } from './coupon-choice'
import type { Preview, Wish } from './preview'
import { Receipt } from './receipt'
import type { Known } from './use-menu'

interface SheetWish {
  preview: Preview
  wish: Wish
  known: Known
  onWish: (wish: Wish) => void
  onClose: () => void
}

/** Why this cart costs what it costs, rule by rule, and what can be changed about it. It reserves nothing. */
export function PriceSheet({ preview, wish, known, onWish, onClose }: SheetWish) {
  const { price } = preview
  const show = () => {
    onClose()
    toTab('code')
  }
  const clear = () => {
    emptyCart()
    onClose()
  }
  return (
    <Sheet open onClose={onClose} title="算一算">
      <View id="preview">
        <Picked preview={preview} />
        <Receipt price={price} />
        {/* in a View of its own: WeChat gets a long sheet in pieces */}
        <View>
          <Later>
            {price.coupons.length > 0 && (
              <CouponChoice
                price={price}
                choice={wish.coupons}
                known={known}
                onChoice={(coupons) => onWish({ ...wish, coupons })}
              />
            )}
            <PointsChoice preview={preview} on={wish.points} onChange={(points) => onWish({ ...wish, points })} />
            <Notes known={known} />
            <View id="cart-clear" className="pc-more" {...tapProps(clear, '清空重选')}>
              <Text>清空重选</Text>
            </View>
          </Later>
        </View>
        <Foot preview={preview} onShow={show} />
      </View>
    </Sheet>
  )
}

/** What is to be paid, in sight while one scrolls and chooses, and the way on. */
const Foot = ({ preview: { price, earns }, onShow }: { preview: Preview; onShow: () => void }) => (
  <View className="pc-foot">
    <View className="hy-grow" {...aria({ role: 'status' })}>
      <Text id="payable" className="pc-sum">
        {yuanText(price.payableFen)}
      </Text>
      <View className="pc-why">
        {[
          price.payableFen < price.fullFen && `共省 ${yuanText(price.fullFen - price.payableFen)}`,
          earns > 0 && `付完得 ${countText(earns)} 积分`,
        ]
          .filter(Boolean)
          .join(' · ')}
      </View>
    </View>
    <Button id="code-open" small onTap={onShow}>
      出示会员码
    </Button>
  </View>
)

const SHOWN = 5

/** What was picked, each with what it comes to in this cart. */
function Picked({ preview: { price, pieces } }: { preview: Preview }) {
  const [all, setAll] = useState(false)
  const lines = all ? price.lines : price.lines.slice(0, SHOWN)
  return (
    <View className="pc-picked">
      {lines.map(({ lineNo, title, qty, fullFen, payableFen }) => (
        <View key={lineNo} className="pc-item">
          <Text className="hy-grow">{`${title} × ${qty}`}</Text>
          {payableFen < fullFen && (
            <Text className="mn-price__menu" {...aria({ label: `菜单价 ${yuanText(fullFen)}` })}>
              {yuanText(fullFen)}
            </Text>
          )}
          <Text className="pc-item__n">{yuanText(payableFen)}</Text>
        </View>
      ))}
      {lines.length < price.lines.length && (
        <View id="picked-more" className="pc-more" {...tapProps(() => setAll(true))}>
          <Text>{`共 ${pieces} 件，看全部`}</Text>
        </View>
      )}
    </View>
  )
}

/** Whether points pay a part; where they cannot, the receipt says why. */
function PointsChoice({
  preview: {
    price: { points },
  },
  on,
  onChange,
}: {
  preview: Preview
  on: boolean
  onChange: (on: boolean) => void
}) {
  if (points.mostPoints === 0) return null
  const words = `用 ${countText(points.mostPoints)} 积分抵 ${yuanText(points.mostOffFen)}`
  return (
    <View
      id="points-switch"
      className={`hy-tick pc-choice${on ? ' hy-tick--on' : ''}`}
      {...tapProps(() => onChange(!on))}
      {...aria({ role: 'checkbox', checked: on, label: words })}
    >
      <View className="hy-tick__box">
        <Icon name="check" size="s" />
      </View>
      <Text>{words}</Text>
    </View>
  )
}

/** What one should know of this price: more points today, how old what is known of the member is. */
function Notes({ known: { standing, read, now } }: { known: Known }) {
  const at = new Date(read.at)
  const times = standing && standing.earnPercent > 100 ? `现在积分 ${standing.earnPercent / 100} 倍。` : ''
  return (
    <View className="hy-caption hy-2 pc-notes">
      {read.offline
        ? `${times}没有网络，按${dayWords(at, now())} ${clockText(at)} 的会员信息算。`
        : `${times}算一算不占用券和积分，价格以结账时为准。`}
    </View>
  )
}
