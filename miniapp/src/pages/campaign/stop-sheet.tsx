import type { CampaignKind } from '@huiyuan/shared/campaign'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'

interface StopWish {
  kind: CampaignKind
  campaignId: string
  title: string
  onClose: () => void
}

/** Once more before a campaign ends for good. */
export function StopSheet({ kind, campaignId, title, onClose }: StopWish) {
  const [reason, setReason] = useState('')
  const stopping = useSteady((input: { reason: string }, requestId) =>
    api.campaign.stop.mutate({ requestId, kind, campaignId, ...input }),
  )
  const ready = reason.trim() !== '' || stopping.unsure
  const send = async () => {
    if (!ready || !(await stopping.run({ reason: reason.trim() }))) return
    void refresh('campaign.list', 'campaign.get', 'campaign.history')
    onClose()
  }
  return (
    <Sheet open onClose={onClose} title={`停止「${title}」？`}>
      <View id="stop">
        <View className="hy-2">
          {kind === 'referral'
            ? '马上停，不能再开。停下以后的首单不再有谢礼；已经在等待期的照常到账。'
            : '马上停，不能再开。停下以后不再记次数；已经交上来的照常看完。'}
        </View>
        <Field
          id="stop-reason"
          label="为什么，以后查得到"
          placeholder="比如：门槛写错了"
          value={reason}
          maxLength={120}
          onInput={setReason}
          onConfirm={() => void send()}
        />
        <View className="hy-dock">
          {stopping.fault && <FaultNote fault={stopping.fault} onRetry={() => void send()} />}
          {stopping.unsure && <Text className="hy-caption hy-2 cp-unsure">再点一次就好，不会做两次</Text>}
          <Button
            id="stop-submit"
            block
            busy={stopping.busy}
            disabled={!ready && !stopping.busy}
            onTap={() => void send()}
          >
            停止
          </Button>
        </View>
      </View>
    </Sheet>
  )
}
