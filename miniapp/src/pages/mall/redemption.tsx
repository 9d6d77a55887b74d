import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { Text, View } from '@tarojs/components'
import { useRouter } from '@tarojs/taro'
import { useState } from 'react'
import { api } from '../../lib/api'
import { useMall } from '../../lib/mall'
import { go, toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { pathOfReward, type Redemption } from '../../lib/reward'
import { AllowMessage } from '../../ui/allow-message'
import { Cell, Panel, Section } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import { CancelSheet } from './cancel-sheet'
import './mall.css'
import './redemption.css'
import { PartnerCode } from './partner-code'
import { PickUpCode } from './pick-up-code'
import { RedemptionHead } from './redemption-card'
import { backLines } from './standing'
import { Steps } from './steps'

/** One exchange from beginning to end: the code where there is one, each step, and what came back. */
export default function RedemptionPage() {
  const { params } = useRouter()
  const redemptionId = params.redemptionId ?? ''
  const [cancelling, setCancelling] = useState<Redemption | null>(null)
  const read = useRead(['redemptions', 'one', redemptionId], () => api.mall.redemption.query({ redemptionId }), {
    keepAs: `redemption-${redemptionId}`,
    enabled: redemptionId !== '',
  })
  const lost = redemptionId === '' || (read.data === undefined && read.fault?.code === 'NOT_FOUND')
  return (
    <Page onRefresh={read.reload}>
      {lost ? (
        <Empty
          title="没有找到这一单"
          sub="看看别的兑换"
          action="我的兑换"
          onAction={() => go('/pages/mall/redemptions')}
        />
      ) : (
        <States read={read} skeleton={<Skeleton rows={4} />}>
          {({ redemption, steps }) => (
            <View id="redemption">
              <Panel pad>
                <RedemptionHead redemption={redemption} />
              </Panel>
              <InHand redemption={redemption} />
              <Section title="经过" />
              <Panel pad>
                <Steps steps={steps} redemption={redemption} />
              </Panel>
              <CameBack redemption={redemption} />
              <Rules rewardId={redemption.rewardId} />
              <Onward redemption={redemption} onCancel={() => setCancelling(redemption)} />
            </View>
          )}
        </States>
      )}
      <View>
        <CancelSheet redemption={cancelling} onClose={() => setCancelling(null)} />
      </View>
    </Page>
  )
}

/** What is shown at the counter, or used elsewhere. */
function InHand({ redemption }: { redemption: Redemption }) {
  const { kind, state, pickupCode, partnerCode } = redemption
  if (pickupCode !== null)
    return (
      <Panel pad>
        <PickUpCode redemption={redemption} code={pickupCode} />
        <View className="hy-dock">
          <Button id="pickup-to-code" block kind="secondary" onTap={() => toTab('code')}>
            出示会员码
          </Button>
        </View>
      </Panel>
    )
  if (partnerCode !== null)
    return (
      <Panel pad>
        <PartnerCode code={partnerCode} />
      </Panel>
    )
  if (state !== 'placed') return null
  const title = kind === 'service' ? '可以到店时告诉我' : '可以取货时告诉我'
  return <AllowMessage template="pickup_ready" title={title} id="allow-pickup" />
}

/** Where the points of a cancelled exchange went. */
function CameBack({ redemption: { back } }: { redemption: Redemption }) {
  const lines = back ? backLines(back, DEMO_POLICY.graceDays) : []
  if (lines.length === 0) return null
  return (
    <View id="came-back">
      <Section title="积分去了哪里" />
      <Panel>
        {lines.map(({ name, sub, points }) => (
          <Cell key={name} title={name} sub={sub} end={<Text className="rd-back__n">{countText(points)}</Text>} />
        ))}
      </Panel>
    </View>
  )
}

/** What the house says of it, while it stands on the shelf. */
function Rules({ rewardId }: { rewardId: string }) {
  const { data } = useMall()
  const reward = data?.rewards.find((one) => one.rewardId === rewardId)
  return (
    <View>
      {reward && (
        <View>
          <Section title="兑换规则" />
          <Panel pad>
            <View className="hy-2">{reward.rules}</View>
          </Panel>
        </View>
      )}
    </View>
  )
}

/** What can be done with it from here. */
function Onward({ redemption, onCancel }: { redemption: Redemption; onCancel: () => void }) {
  const { kind, state, rewardId, canCancel, origin } = redemption
  return (
    <View className="hy-dock">
      {kind === 'coupon' && state === 'done' && (
        <Button id="to-coupons" block onTap={() => toTab('coupon')}>
          去卡券看看
        </Button>
      )}
      {canCancel && (
        <Button id="cancel-open" block kind="line" onTap={onCancel}>
          取消兑换
        </Button>
      )}
      {origin === 'mall' && (
        <Button id="to-reward" block kind="ghost" onTap={() => go(pathOfReward(rewardId))}>
          看这件商品
        </Button>
      )}
    </View>
  )
}
