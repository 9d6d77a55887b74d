import { View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../lib/api'
import { useNow } from '../lib/clock'
import { useCommand } from '../lib/query'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { FaultNote } from '../ui/states'

export interface SmsProof {
  phone: string
  code: string
}

interface PhoneBySmsWish {
  /** Grows until both are there. */
  value: SmsProof
  onChange: (next: SmsProof) => void
  /** Without the person's agreement the number is not sent anywhere; `onNudge` says so. */
  agreed?: boolean
  onNudge?: () => void
}

/** Phone and code fields. */
export function PhoneBySms({ value, onChange, agreed = true, onNudge }: PhoneBySmsWish) {
  const [againAt, setAgainAt] = useState(0)
  const now = useNow(1_000)
  const send = useCommand((phone: string) => api.session.sendSms.mutate({ phone }))
  const wait = Math.max(0, Math.ceil((againAt - now) / 1_000))
  const ask = async () => {
    if (!agreed) return onNudge?.()
    const sent = await send.run(value.phone)
    if (sent) setAgainAt(Date.now() + sent.resendAfterSeconds * 1_000)
  }
  return (
    <View>
      <Field
        id="sms-phone"
        label="手机号"
        type="number"
        value={value.phone}
        maxLength={11}
        onInput={(phone) => onChange({ ...value, phone })}
        end={
          <Button
            id="sms-send"
            small
            kind="ghost"
            busy={send.busy}
            disabled={wait > 0 || value.phone.length !== 11}
            onTap={() => void ask()}
          >
            {wait > 0 ? `${wait} 秒后重发` : '获取验证码'}
          </Button>
        }
      />
      <Field
        id="sms-code"
        label="验证码"
        type="number"
        value={value.code}
        maxLength={6}
        hint={againAt > 0 ? '验证码已发出，5 分钟内有效' : ''}
        onInput={(code) => onChange({ ...value, code })}
      />
      {send.fault && (
        <View className="hy-mt3">
          <FaultNote fault={send.fault} onRetry={() => void ask()} />
        </View>
      )}
    </View>
  )
}

export const isWhole = ({ phone, code }: SmsProof): boolean => /^1\d{10}$/.test(phone) && /^\d{6}$/.test(code)
