import { View } from '@tarojs/components'
import { useState } from 'react'
import { platform } from '../lib/device'
import { useCommand } from '../lib/query'
import { signInBySms, signInByWechat, useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Sheet } from '../ui/sheet'
import { FaultNote } from '../ui/states'
import { isWhole, PhoneBySms } from './phone-by-sms'

/** The ways in for somebody who is not signed in: WeChat, and a phone beside it. */
export function SignInWays() {
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
      <PhoneSheet open={byPhone} onClose={() => setByPhone(false)} />
    </View>
  )
}

function PhoneSheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [proof, setProof] = useState({ phone: '', code: '' })
  const enter = useCommand(async () => {
    await signInBySms(proof.phone, proof.code)
    onClose()
  })
  return (
    <Sheet open={open} onClose={onClose} title="手机号登录">
      <PhoneBySms value={proof} onChange={setProof} />
      <View className="hy-dock">
        {enter.fault && <FaultNote fault={enter.fault} />}
        <Button
          id="sign-in-submit"
          block
          busy={enter.busy}
          disabled={!isWhole(proof)}
          onTap={() => void enter.run(undefined)}
        >
          登录
        </Button>
      </View>
    </Sheet>
  )
}
