import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import type { RouterOutputs } from '../../lib/api'
import { useItems } from '../../lib/cart'
import {
  type Coupon,
  fitOf,
  fitWords,
  menuOf,
  soonWords,
  termsWords,
  thresholdWords,
  whenWords,
  worthOf,
} from '../../lib/coupon'
import { useGrowing } from '../../lib/growing'
import { go, toTab } from '../../lib/nav'
import { Chip, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Ticket } from '../../ui/coupon-ticket'
import { Empty } from '../../ui/states'

type List = RouterOutputs['coupon']['list']
type Kind = 'usable' | 'used' | 'over'

const KINDS: { kind: Kind; name: string }[] = [
  { kind: 'usable', name: '可使用' },
  { kind: 'used', name: '用过的' },
  { kind: 'over', name: '过期的' },
]

const NOTHING: Record<Kind, { title: string; sub: string; action?: string; onAction?: () => void }> = {
  usable: {
    title: '现在没有能用的券',
    sub: '积分可以换券，结账也会得到',
    action: '去商城看看',
    onAction: () => toTab('mall'),
  },
  used: { title: '还没有用过券', sub: '到店出示会员码，结账时自动用最划算的那张' },
  over: { title: '没有过期的券', sub: '一张都没有浪费，真好' },
}

/** One's own tickets, by what can be done with them. */
export function MyTickets({ list }: { list: List }) {
  const [kind, setKind] = useState<Kind>('usable')
  return (
    <View>
      <View className="hy-chips">
        {KINDS.map((one) => (
          <Chip key={one.kind} on={kind === one.kind} onTap={() => setKind(one.kind)}>
            {list[one.kind].length > 0 ? `${one.name} ${list[one.kind].length}` : one.name}
          </Chip>
        ))}
      </View>
      {list[kind].length === 0 ? <Empty {...NOTHING[kind]} /> : <Tickets key={kind} coupons={list[kind]} />}
    </View>
  )
}

const STEP = 4
const MOST = 12

function Tickets({ coupons }: { coupons: Coupon[] }) {
  const { shown, more } = useGrowing(coupons, STEP, MOST)
  return (
    <View>
      {/* alone in their View: a ticket more is handed over alone */}
      <View id="coupons">
        {shown.map((coupon) => (
          <One key={coupon.couponId} coupon={coupon} />
        ))}
      </View>
      {more && (
        <View className="hy-dock">
          <Button kind="ghost" block small onTap={more}>
            更多
          </Button>
        </View>
      )}
    </View>
  )
}

function One({ coupon }: { coupon: Coupon }) {
  const items = useItems()
  const now = new Date()
  const soon = soonWords(coupon, now)
  const live = coupon.state === 'usable'
  const fit = live ? fitOf(coupon, items) : null
  const told = fit && fitWords(fit)
  return (
    <Ticket
      {...worthOf(coupon)}
      {...(live || coupon.state === 'waiting' ? {} : { tone: 'quiet' as const })}
      title={coupon.title}
      sub={
        <>
          <Text className="hy-whole">{thresholdWords(coupon)}</Text>
          <Text className="hy-whole">{whenWords(coupon, now)}</Text>
          {soon && <Tag kind="accent">{soon}</Tag>}
          {live && <View>{termsWords(coupon)}</View>}
          {told && <View className={`cp-fit cp-fit--${fit?.kind}`}>{told}</View>}
        </>
      }
      rules={coupon.rules}
      end={live && <WayOn coupon={coupon} short={fit !== null && fit.kind !== 'fits'} />}
    />
  )
}

/** To the counter; while something is missing, to the menu first. */
const WayOn = ({ coupon, short }: { coupon: Coupon; short: boolean }) => {
  const words = short ? '去凑单' : '去使用'
  return (
    <Button
      small
      kind="secondary"
      label={`${words}${coupon.title}`}
      onTap={() => (short ? go(menuOf(coupon)) : toTab('code'))}
    >
      {words}
    </Button>
  )
}
