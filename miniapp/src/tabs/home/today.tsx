import { countText } from '@huiyuan/shared/money'
import { daysUntil, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { ClaimSheet } from '../../join/claim-sheet'
import type { RouterOutputs } from '../../lib/api'
import { go, toTab } from '../../lib/nav'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'

type Item = RouterOutputs['home']['show']['today'][number]

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
      <ClaimSheet claimId={claiming} onClose={() => setClaiming(null)} />
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
          title={`${countText(item.points)} 积分${days > 0 ? ` ${days} 天后` : '今天'}到期`}
          sub={`${dayWords(new Date(item.expiresAt), now)}最后一天`}
          onTap={() => go('/pages/ledger/statement?view=lots')}
        />
      )
    }
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
