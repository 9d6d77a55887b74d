import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { useState } from 'react'
import { api } from '../../lib/api'
import { useNow } from '../../lib/clock'
import { ownAppid, platform } from '../../lib/device'
import { go } from '../../lib/nav'
import { refresh, useCommand } from '../../lib/query'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import type { Cancellation } from './leave'

type Proof = Parameters<typeof api.privacy.cancel.mutate>[0]['proof']

/** Whoever holds this phone shows once more that the membership is theirs; then it is asked. */
export function ProveSheet({ ways, onClose }: { ways: Cancellation['ways']; onClose: () => void }) {
  const cancel = useCommand(async (proof: Proof, requestId) => {
    await api.privacy.cancel.mutate({ requestId, proof })
    await refresh('cancellation')
    return true
  })
  const submit = async (proof: Proof) => {
    if (await cancel.run(proof)) onClose()
  }
  const inWechat = platform === 'weapp' && ways.wechat
  return (
    <Sheet open onClose={onClose} title="确认是你本人">
      {!inWechat && ways.phoneMasked === null && <NoWay />}
      {ways.phoneMasked !== null && (
        <ByText
          phoneMasked={ways.phoneMasked}
          busy={cancel.busy}
          main={!inWechat}
          onCode={(code) => void submit({ kind: 'sms', code })}
        />
      )}
      {inWechat && (
        <Button
          id="prove-wechat"
          block
          busy={cancel.busy}
          onTap={() => void Taro.login().then(({ code }) => submit({ kind: 'weapp', code, ...ownAppid() }))}
        >
          用微信确认并申请
        </Button>
      )}
      {cancel.fault && (
        <View className="hy-mt3">
          <FaultNote fault={cancel.fault} />
        </View>
      )}
    </Sheet>
  )
}

const NoWay = () => (
  <View>
    <View className="hy-2">网页上要用手机验证码确认。请先绑定手机号，或在微信小程序里申请。</View>
    <View className="hy-dock">
      <Button id="prove-bind" block onTap={() => go('/pages/member/profile')}>
        去绑定手机号
      </Button>
    </View>
  </View>
)

interface ByTextWish {
  phoneMasked: string
  busy: boolean
  main: boolean
  onCode: (code: string) => void
}

/** A code to the number that is bound; nobody types the number. */
function ByText({ phoneMasked, busy, main, onCode }: ByTextWish) {
  const [code, setCode] = useState('')
  const [againAt, setAgainAt] = useState(0)
  const wait = Math.max(0, Math.ceil((againAt - useNow(1_000)) / 1_000))
  const send = useCommand(async () => {
    const { resendAfterSeconds } = await api.privacy.sendCode.mutate()
    setAgainAt(Date.now() + resendAfterSeconds * 1_000)
  })
  return (
    <View>
      <View className="hy-2">{`验证码会发到 ${phoneMasked}`}</View>
      <Field
        id="prove-code"
        label="验证码"
        type="number"
        value={code}
        maxLength={6}
        hint={againAt > 0 ? '验证码已发出，5 分钟内有效' : ''}
        onInput={setCode}
        end={
          <Button
            id="prove-send"
            small
            kind="ghost"
            busy={send.busy}
            disabled={wait > 0}
            onTap={() => void send.run(undefined)}
          >
            {wait > 0 ? `${wait} 秒后重发` : '获取验证码'}
          </Button>
        }
      />
      {send.fault && (
        <View className="hy-mt3">
          <FaultNote fault={send.fault} onRetry={() => void send.run(undefined)} />
        </View>
      )}
      <View className="hy-dock">
        <Button
          id="prove-submit"
          block
          kind={main ? 'primary' : 'secondary'}
          busy={busy}
          disabled={!/^\d{6}$/.test(code)}
          onTap={() => onCode(code)}
        >
          确认申请注销
        </Button>
      </View>
    </View>
  )
}
