import type { CampaignKind } from '@huiyuan/shared/campaign'
import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { go } from '../../lib/nav'
import { refresh, useRead } from '../../lib/query'
import { Bar, Panel, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { OperatorPage } from '../../ui/operator-page'
import { Empty, States } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { Views } from '../../ui/views'
import './campaign.css'
import { figureWords, KINDS, STATE, windowWords } from './campaign-words'
import type { Kind } from './draft'

type Listed = RouterOutputs['campaign']['list']
type Row = Listed['referrals'][number] & Partial<Pick<Listed['obligations'][number], 'kind'>>

const STEP = 6
const PAGE = 20
const VIEWS = [
  { view: 'referral', name: '请朋友' },
  { view: 'obligation', name: '特色义务' },
] as const

/** All that members are thanked for, with what is left of each budget. For operators. */
export default function CampaignsPage() {
  return (
    <OperatorPage
      title="活动"
      signInWords="登录后，总部运营可以在这里管理活动"
      className="cp-page"
      onRefresh={() => refresh('campaign.list')}
    >
      {() => <Campaigns />}
    </OperatorPage>
  )
}

const openCampaign = (kind: CampaignKind, id?: string) =>
  go(`/pages/campaign/campaign?kind=${kind}${id ? `&id=${id}` : ''}`)

function Campaigns() {
  const [kind, setKind] = useState<CampaignKind>('referral')
  const read = useRead(['campaign.list'], () => api.campaign.list.query())
  return (
    <View id="campaigns">
      <Views views={VIEWS} on={kind} onChange={setKind} />
      <View className="cp-view">
        <States read={read}>
          {({ referrals, obligations }) => (
            <List key={kind} kind={kind} rows={kind === 'referral' ? referrals : obligations} />
          )}
        </States>
      </View>
      <View className="hy-dock">
        <Button id="campaign-new" block kind="secondary" onTap={() => openCampaign(kind)}>
          {kind === 'referral' ? '新建请朋友的活动' : '新建特色义务'}
        </Button>
      </View>
    </View>
  )
}

function List({ kind, rows }: { kind: CampaignKind; rows: Row[] }) {
  const { shown, more } = useGrowing(rows, STEP, PAGE)
  if (rows.length === 0) return <Empty title="还没有活动" sub="建一个，保存时会一条条看合不合规" />
  return (
    <View className="cp-list">
      {shown.map((row) => (
        <Campaign key={row.campaignId} kind={kind} row={row} />
      ))}
      {more && (
        <Button id="campaigns-more" block kind="line" onTap={more}>
          更多
        </Button>
      )}
    </View>
  )
}

function Campaign({ kind, row }: { kind: CampaignKind; row: Row }) {
  const { campaignId, title, state, startsAt, endsAt, budgetPoints, spentPoints, rewardPoints, figures } = row
  const { name, kind: tone } = STATE[state]
  const facts = figureWords(figures, state === 'over' || state === 'stopped')
  const sort = row.kind ? `${KINDS[row.kind as Kind] ?? row.kind} · ` : ''
  return (
    <View id={`campaign-${campaignId}`} className="cp-card" {...tapProps(() => openCampaign(kind, campaignId))}>
      <Panel pad>
        <View className="hy-row hy-between">
          <Text className="hy-title">{title}</Text>
          <Tag {...(tone ? { kind: tone } : {})}>{name}</Tag>
        </View>
        <View className="hy-caption hy-3">{`${sort}${windowWords(startsAt, endsAt, new Date())}`}</View>
        {rewardPoints > 0 ? (
          <View className="cp-budget">
            <Bar parts={[budgetPoints > 0 ? spentPoints / budgetPoints : 0]} />
            <View className="cp-budget__words hy-caption hy-2">
              <Text>{`已用 ${countText(spentPoints)}`}</Text>
              <Text>{`预算 ${countText(budgetPoints)} 积分`}</Text>
            </View>
          </View>
        ) : (
          <View className="hy-caption hy-2 hy-mt2">不发积分</View>
        )}
        {facts.length > 0 && <View className="cp-figures hy-2 hy-mt2">{facts.join('\u3000')}</View>}
      </Panel>
    </View>
  )
}
