import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { type Claimable, termsWords, thresholdWords, worthOf } from '../../lib/coupon'
import { faultText } from '../../lib/fault-text'
import { refresh, useCommand } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Ticket } from '../../ui/coupon-ticket'
import { Icon } from '../../ui/icon'
import { FaultNote } from '../../ui/states'

/** What is free to take. What was taken before is among one's own and left out here. */
export function ClaimableTickets({ claimable }: { claimable: Claimable[] }) {
  const [taken, setTaken] = useState<string[]>([])
  const [taking, setTaking] = useState('')
  const claim = useCommand(async (templateId: string, requestId) => {
    const coupon = await api.coupon.claim.mutate({ templateId, requestId })
    setTaken((known) => [...known, templateId])
    await refresh('coupons', 'home')
    return coupon
  })
  const take = (templateId: string) => {
    if (claim.busy) return
    setTaking(templateId)
    void claim.run(templateId)
  }
  const shown = claimable.filter(
    ({ refusal, templateId }) => taken.includes(templateId) || !refusal || !OVER.includes(refusal.code),
  )
  if (shown.length === 0) return null
  return (
    <View id="claimable" className="cp-free">
      <View className="hy-title cp-head">可以领</View>
      {claim.fault && <FaultNote fault={claim.fault} onRetry={() => take(taking)} />}
      {shown.map((one) => (
        <Ticket
          key={one.templateId}
          {...worthOf(one)}
          title={one.title}
          sub={
            <>
              <View>{subOf(one)}</View>
              <View>{termsWords(one)}</View>
            </>
          }
          {...(one.refusal && !taken.includes(one.templateId) ? { tone: 'quiet' as const } : {})}
          rules={one.rules}
          end={
            taken.includes(one.templateId) ? (
              <View className="cp-taken" {...aria({ role: 'alert' })}>
                <Icon name="check" size="s" />
                <Text>已放进卡券</Text>
              </View>
            ) : one.refusal ? (
              <Text className="hy-caption hy-2">{faultText(one.refusal).title}</Text>
            ) : (
              <Button
                id={`claim-${one.templateId}`}
                small
                label={`领取${one.title}`}
                busy={claim.busy && taking === one.templateId}
                onTap={() => take(one.templateId)}
              >
                领取
              </Button>
            )
          }
        />
      ))}
    </View>
  )
}

const OVER = ['COUPON_LIMIT', 'COUPON_OVER']

const subOf = (one: Claimable) =>
  [
    thresholdWords(one),
    one.validDays !== null && `领后 ${one.validDays} 天有效`,
    one.left !== null && one.left > 0 && `剩 ${one.left} 张`,
  ]
    .filter(Boolean)
    .join(' · ')
