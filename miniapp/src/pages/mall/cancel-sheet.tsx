import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { refresh, useCommand } from '../../lib/query'
import type { Redemption } from '../../lib/reward'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'

type Cancelled = RouterOutputs['mall']['cancel']

/** Taking an exchange back: what comes back is said before and after. */
export function CancelSheet({ redemption, onClose }: { redemption: Redemption | null; onClose: () => void }) {
  const [done, setDone] = useState<Cancelled | null>(null)
  const cancel = useCommand((redemptionId: string, requestId) => api.mall.cancel.mutate({ redemptionId, requestId }))
  const close = () => {
    setDone(null)
    cancel.clear()
    onClose()
  }
  const submit = async () => {
    if (!redemption) return
    const cancelled = await cancel.run(redemption.redemptionId)
    if (cancelled) setDone(cancelled)
    await refresh('redemptions', 'mall', 'home', 'statement', 'lots')
  }
  if (done)
    return (
      <Sheet open onClose={close} title="已经取消">
        <View id="cancelled" {...aria({ role: 'alert' })}>
          <View className="hy-done">
            <Icon name="check" size="l" />
          </View>
          <View className="hy-center hy-title">{`退回 ${countText(done.returned + done.grace)} 积分`}</View>
          <View className="hy-center hy-2 hy-mt2">{returnWords(done)}</View>
          <View className="hy-dock">
            <Button id="cancel-done" block onTap={close}>
              好的
            </Button>
          </View>
        </View>
      </Sheet>
    )
  return (
    <Sheet open={redemption !== null} onClose={close} title="取消兑换？">
      <View className="hy-2">
        {`「${redemption?.title ?? ''}」的 ${countText(redemption?.points ?? 0)} 积分会退回原来的批次，到期日不变；已经到期的那一批，再给你 ${DEMO_POLICY.graceDays} 天。`}
      </View>
      <View className="hy-dock">
        {cancel.fault && <FaultNote fault={cancel.fault} onRetry={() => void submit()} />}
        <Button id="cancel-submit" block busy={cancel.busy} onTap={() => void submit()}>
          取消兑换，退回积分
        </Button>
        <Button id="cancel-keep" block kind="ghost" onTap={close}>
          先留着
        </Button>
      </View>
    </Sheet>
  )
}

function returnWords({ grace, expired }: Cancelled): string {
  const parts = [
    grace > 0 && `其中 ${countText(grace)} 积分原本已到期，再给你 ${DEMO_POLICY.graceDays} 天`,
    expired > 0 && `${countText(expired)} 积分到期已久，没有退回`,
  ].filter(Boolean)
  return parts.length > 0 ? parts.join('；') : '都回到原来的批次，到期日不变'
}
