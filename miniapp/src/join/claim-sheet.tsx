import { countText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../lib/api'
import { refresh, useCommand } from '../lib/query'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Points } from '../ui/points'
import { Sheet } from '../ui/sheet'
import { FaultNote } from '../ui/states'

/** The second proof for an old plastic card: its last four digits. */
export function ClaimSheet({
  claimId,
  points,
  onClose,
}: {
  claimId: string | null
  points?: number | undefined
  onClose: () => void
}) {
  const [last4, setLast4] = useState('')
  const [brought, setBrought] = useState<number | null>(null)
  const claim = useCommand((input: { claimId: string; last4: string }, requestId) =>
    api.member.claimCard.mutate({ ...input, requestId }),
  )
  const submit = async () => {
    const claimed = await claim.run({ claimId: claimId as string, last4 })
    if (!claimed) return
    setBrought(claimed.points)
    await refresh('home', 'me', 'statement', 'lots', 'tier')
  }
  const close = () => {
    setLast4('')
    setBrought(null)
    claim.clear()
    onClose()
  }
  if (brought !== null)
    return (
      <Sheet open title="老卡并过来了" onClose={close}>
        <Points value={brought} size="xl" countUp />
        <View className="hy-2 hy-mt2">已经在你的会员卡里，到期日不变。</View>
        <View className="hy-dock">
          <Button id="claim-done" block onTap={close}>
            好的
          </Button>
        </View>
      </Sheet>
    )
  return (
    <Sheet open={claimId !== null} title="找到一张老会员卡" onClose={close}>
      <View className="hy-2">
        {points === undefined ? '这个手机号办过实体卡。' : `这个手机号办过实体卡，里面有 ${countText(points)} 积分。`}
        号码可能换过主人，请填卡号后四位确认是你。
      </View>
      <Field id="claim-last4" label="卡号后四位" type="number" value={last4} maxLength={4} onInput={setLast4} />
      <View className="hy-dock">
        {claim.fault && <FaultNote fault={claim.fault} />}
        <Button id="claim-submit" block busy={claim.busy} disabled={!/^\d{4}$/.test(last4)} onTap={() => void submit()}>
          确认并卡
        </Button>
        <Button id="claim-later" block kind="ghost" onTap={close}>
          以后再说
        </Button>
      </View>
    </Sheet>
  )
}
