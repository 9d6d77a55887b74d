import { countText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import type { Redemption } from '../../lib/mall'
import { go, toTab } from '../../lib/nav'
import { AllowMessage } from '../../ui/allow-message'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { RewardArt } from '../../ui/reward-art'

/** It is theirs; now is the moment at which a message about the pick-up is of use. */
export function Exchanged({
  done: { redemption, pointsAfter },
  onClose,
}: {
  done: { redemption: Redemption; pointsAfter: number }
  onClose: () => void
}) {
  const coupon = redemption.kind === 'coupon'
  const open = () => {
    onClose()
    if (coupon) toTab('coupon')
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
      {!coupon && <AllowMessage template="pickup_ready" title="可以取货时告诉我" id="allow-pickup" />}
      <View className="hy-dock">
        <Button id="exchanged-open" block onTap={open}>
          {coupon ? '去看这张券' : '看我的兑换'}
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
  const now = new Date()
  const by = `${dayWords(new Date(pickupBy), now)}前到任一门店取`
  if (state === 'ready') return `现在就能取，${by}`
  return `${dayWords(new Date(readyAt), now)} ${clockText(new Date(readyAt))} 备好，${by}`
}
