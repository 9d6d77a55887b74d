import { countText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { go, toTab } from '../../lib/nav'
import type { Redemption } from '../../lib/reward'
import { AllowMessage } from '../../ui/allow-message'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { RewardArt } from '../../ui/reward-art'
import { PartnerCode } from './partner-code'

/** It is theirs; now is the moment at which a message about the pick-up is of use. */
export function Exchanged({
  done: { redemption, pointsAfter },
  onClose,
}: {
  done: { redemption: Redemption; pointsAfter: number }
  onClose: () => void
}) {
  const { kind, partnerCode } = redemption
  const coupon = kind === 'coupon'
  const open = () => {
    onClose()
    if (coupon) toTab('coupon')
    else if (kind === 'partner_code') go(`/pages/mall/redemption?redemptionId=${redemption.redemptionId}`)
    else go('/pages/mall/redemptions')
  }
  return (
    <View id="exchanged" {...aria({ role: 'alert' })}>
      <RewardArt art={redemption.art} className="rw-won" />
      <View className="hy-center">
        <View className="hy-display">{redemption.title}</View>
        {redemption.pieceNo !== null && (
          <View className="hy-title hy-brandly hy-mt1">{`第 ${redemption.pieceNo}/${redemption.stockTotal} 件是你的`}</View>
        )}
        <View className="hy-2 hy-mt2">{nextWords(redemption)}</View>
        <View className="hy-caption hy-3 hy-mt1">{`还有 ${countText(pointsAfter)} 积分`}</View>
      </View>
      {partnerCode !== null && <PartnerCode code={partnerCode} />}
      {!coupon && partnerCode === null && (
        <AllowMessage
          template="pickup_ready"
          title={kind === 'service' ? '可以到店时告诉我' : '可以取货时告诉我'}
          id="allow-pickup"
        />
      )}
      <View className="hy-dock">
        <Button id="exchanged-open" block onTap={open}>
          {coupon ? '去看这张券' : kind === 'partner_code' ? '怎么用它' : '看我的兑换'}
        </Button>
        <Button id="exchanged-close" block kind="ghost" onTap={onClose}>
          好的
        </Button>
      </View>
    </View>
  )
}

function nextWords({ kind, state, readyAt, pickupBy }: Redemption): string {
  if (kind === 'coupon') return '已经放进卡券，下次结账就能用'
  if (kind === 'partner_code') return '码在这里，也留在「我的兑换」里'
  const now = new Date()
  const service = kind === 'service'
  const by = `${dayWords(new Date(pickupBy), now)}前到任一门店${service ? '用' : '取'}`
  if (state === 'ready') return `现在就能${service ? '用' : '取'}，${by}`
  const ready = `${dayWords(new Date(readyAt), now)} ${clockText(new Date(readyAt))}`
  return `${ready} ${service ? '安排好' : '备好'}，${by}`
}
