import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { daysUntil, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { ClaimSheet } from '../../join/claim-sheet'
import type { RouterOutputs } from '../../lib/api'
import { go, toTab } from '../../lib/nav'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'

type Item = RouterOutputs['home']['show']['today'][number]
type News = Extract<
  Item,
  {
    kind:
      | 'gift_open'
      | 'pickup_ready'
      | 'coupon_expiring'
      | 'right_unlocked'
      | 'tier_ending'
      | 'obligation_near'
      | 'reward_released'
  }
>

const inDays = (days: number) => (days > 0 ? ` ${days} 天后` : '今天')

/** The few things worth doing today, the most useful first. Nothing there, nothing shown. */
export function Today({ items }: { items: Item[] }) {
  const [claiming, setClaiming] = useState<string | null>(null)
  if (items.length === 0) return null
  return (
    <View>
      <Section title="今天" />
      <Panel>
        {items.map((item) => (
          <TodayCell key={item.kind} item={item} onClaim={setClaiming} />
        ))}
      </Panel>
      <View>
        <ClaimSheet claimId={claiming} onClose={() => setClaiming(null)} />
      </View>
    </View>
  )
}

function TodayCell({ item, onClaim }: { item: Item; onClaim: (claimId: string) => void }) {
  const now = new Date()
  switch (item.kind) {
    case 'claim_card':
      return (
        <Cell
          id="claim-open"
          icon="card"
          tone="accent"
          title={`老会员卡里有 ${countText(item.points)} 积分`}
          sub="填卡号后四位就能并过来"
          end={<Tag kind="accent">去认领</Tag>}
          onTap={() => onClaim(item.claimId)}
        />
      )
    case 'points_expiring': {
      const days = daysUntil(new Date(item.expiresAt), now)
      return (
        <Cell
          icon="clock"
          tone="accent"
          title={`${countText(item.points)} 积分${inDays(days)}到期`}
          sub={`${dayWords(new Date(item.expiresAt), now)}最后一天`}
          end={<Tag kind="accent">去用掉</Tag>}
          onTap={() => toTab('mall')}
        />
      )
    }
    case 'gift_open':
    case 'pickup_ready':
    case 'coupon_expiring':
    case 'right_unlocked':
    case 'tier_ending':
    case 'obligation_near':
    case 'reward_released':
      return <NewsCell item={item} now={now} />
    case 'points_maturing':
      return (
        <Cell
          icon="spark"
          title={`${countText(item.points)} 积分 ${dayWords(new Date(item.activeAt), now)}生效`}
          sub="退货期满就能用"
          onTap={() => go('/pages/ledger/statement?view=lots')}
        />
      )
    case 'first_code':
      return <Cell icon="code" title="下次到店，出示会员码" sub="结账前给店员扫一下" onTap={() => toTab('code')} />
    case 'add_phone':
      return (
        <Cell icon="phone" title="绑定手机号" sub="换手机、找老卡都方便" onTap={() => go('/pages/member/profile')} />
      )
  }
}

/** What waits, ends soon, is nearly done, or has just come. */
function NewsCell({ item, now }: { item: News; now: Date }) {
  switch (item.kind) {
    case 'gift_open':
      return (
        <Cell
          icon="gift"
          tone="accent"
          title={`「${item.title}」等你打开`}
          sub={`${dayWords(new Date(item.claimBy), now)}前都可以`}
          end={<Tag kind="accent">去打开</Tag>}
          onTap={() => go('/pages/gift/gift')}
        />
      )
    case 'pickup_ready':
      return (
        <Cell
          icon="mall"
          title={`「${item.title}」可以取了`}
          sub={`${dayWords(new Date(item.pickupBy), now)}前取走`}
          end={<Tag kind="brand">取货码</Tag>}
          onTap={() => go('/pages/mall/redemptions')}
        />
      )
    case 'coupon_expiring':
      return (
        <Cell
          icon="ticket"
          tone="accent"
          title={item.count > 1 ? `「${item.title}」等 ${item.count} 张券快到期` : `「${item.title}」快到期`}
          sub={`${dayWords(new Date(item.expiresAt), now)}最后一天`}
          onTap={() => toTab('coupon')}
        />
      )
    case 'right_unlocked':
      return (
        <Cell
          id="right-unlocked"
          icon="spark"
          title={item.count > 1 ? `「${item.title}」等 ${item.count} 项权益解锁了` : `「${item.title}」解锁了`}
          sub="看看都能怎么用"
          end={<Tag kind="brand">新权益</Tag>}
          onTap={() => go('/pages/right/rights')}
        />
      )
    case 'tier_ending': {
      const { name } = rungOf(item.tier, DEMO_POLICY)
      return (
        <Cell
          id="tier-ending"
          icon="spark"
          tone="accent"
          title={`再积 ${countText(item.needGrowth)} 就能留住${name}`}
          sub={`${dayWords(new Date(item.endsAt), now)}前都算`}
          end={<Tag kind="accent">去看看</Tag>}
          onTap={() => go('/pages/tier/tier')}
        />
      )
    }
    case 'obligation_near':
      return (
        <Cell
          icon="leaf"
          title={`「${item.title}」再做 ${item.left} 次`}
          sub={`得 ${item.rewardWords}`}
          onTap={() => go(`/pages/obligation/obligation?id=${item.obligationId}`)}
        />
      )
    case 'reward_released':
      return (
        <Cell
          icon="people"
          title={`${item.friend}喝到了第一盏`}
          sub={`${countText(item.points)} 积分到账，谢谢你`}
          onTap={() => go('/pages/referral/referral')}
        />
      )
  }
}
