import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { platform } from '../lib/device'
import { useCommand } from '../lib/query'
import { join, signInBySms, signInByWechat, useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Sheet } from '../ui/sheet'
import { FaultNote } from '../ui/states'
import { Consent } from './consent'
import { isWhole, PhoneBySms, type SmsProof } from './phone-by-sms'

/** The ways in for somebody who is not signed in: WeChat, and a phone beside it. */
export function SignInWays({ onJoined }: { onJoined?: () => void }) {
  const { trouble } = useSession()
  const [byPhone, setByPhone] = useState(false)
  const wechat = useCommand(() => signInByWechat())
  const fault = wechat.fault ?? trouble
  return (
    <View className="hy-dock">
      {fault && <FaultNote fault={fault} onRetry={() => void wechat.run(undefined)} />}
      <Button id="sign-in-wechat" block busy={wechat.busy} onTap={() => void wechat.run(undefined)}>
        {platform === 'weapp' ? '登录' : '微信登录'}
      </Button>
      <Button id="sign-in-phone" block kind="ghost" onTap={() => setByPhone(true)}>
        用手机号登录
      </Button>
      <PhoneSheet open={byPhone} onClose={() => setByPhone(false)} {...(onJoined ? { onJoined } : {})} />
    </View>
  )
}

/** With a phone one signs in or joins in one go, so the agreement stands before the number. */
function PhoneSheet({ open, onClose, onJoined }: { open: boolean; onClose: () => void; onJoined?: () => void }) {
  const [proof, setProof] = useState({ phone: '', code: '' })
  const [agreed, setAgreed] = useState(false)
  const [nudged, setNudged] = useState(false)
  const enter = useCommand(async (_: SmsProof, requestId) => {
    await signInBySms(proof.phone, proof.code)
    const anew = useSession.getState().state === 'guest'
    if (anew) await join(requestId, DEMO_POLICY.consentVersion)
    onClose()
    if (anew) onJoined?.()
  })
  const submit = () => {
    if (agreed) void enter.run(proof)
    else setNudged(true)
  }
  return (
    <Sheet open={open} onClose={onClose} title="手机号登录">
      <View className="hy-2">还不是会员也没关系，登录时一并入会。</View>
      <Consent agreed={agreed} nudged={nudged && !agreed} onChange={setAgreed} />
      <PhoneBySms value={proof} onChange={setProof} agreed={agreed} onNudge={() => setNudged(true)} />
      <View className="hy-dock">
        {enter.fault && <FaultNote fault={enter.fault} />}
        <Button id="sign-in-submit" block busy={enter.busy} disabled={!isWhole(proof)} onTap={submit}>
          登录
        </Button>
      </View>
    </Sheet>
  )
}
