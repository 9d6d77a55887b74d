import { Text, View } from '@tarojs/components'
import Taro, { useDidHide, useDidShow } from '@tarojs/taro'
import { useEffect, useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { SignInWays } from '../../join/sign-in-ways'
import { api, faultOf, type Trouble } from '../../lib/api'
import { useNow } from '../../lib/clock'
import { platform } from '../../lib/device'
import { codeAt, enrolHere, enrolment } from '../../lib/member-code'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { Empty, FaultNote, Skeleton } from '../../ui/states'
import { AllowMessages } from './allow-messages'
import { CodeBox } from './code-box'
import { WhoAmI } from './who-am-i'

/** The code to show at the counter; made on this phone, so it works with no network. */
export default function Code() {
  const { state } = useSession()
  const [joining, setJoining] = useState(false)
  return (
    <Page tab="code">
      {state === 'member' || enrolment() ? (
        <OwnCode />
      ) : state === 'starting' ? (
        <Skeleton kind="card" />
      ) : (
        <View>
          <Empty title="入会就有会员码" sub="结账前给店员扫一下,积分自动到账" />
          {state === 'guest' ? (
            <Button id="join-open" block onTap={() => setJoining(true)}>
              领取会员卡
            </Button>
          ) : (
            <SignInWays />
          )}
        </View>
      )}
      <JoinSheet open={joining} onClose={() => setJoining(false)} />
    </Page>
  )
}

function OwnCode() {
  const [own, setOwn] = useState(enrolment)
  const [fault, setFault] = useState<Trouble | null>(null)
  const home = useRead(['home'], () => api.home.show.query(), { keepAs: 'home' })
  const ask = () => {
    setFault(null)
    enrolHere().then(setOwn, (error) => setFault(faultOf(error)))
  }
  useEffect(() => {
    if (!own) ask()
  }, [own])
  useBrightness()
  return (
    <View>
      {home.data && <WhoAmI card={home.data.card} />}
      {own ? (
        <LiveCode own={own} />
      ) : fault ? (
        <FaultNote fault={fault} onRetry={ask} />
      ) : (
        <Skeleton kind="card" rows={0} />
      )}
      <View className="hy-row hy-mt4 hy-3" style={{ justifyContent: 'center' }}>
        <Icon name="check" size="s" />
        <Text className="hy-caption">没有网络也能用 · 截图无效</Text>
      </View>
      {platform === 'weapp' && own && <AllowMessages />}
    </View>
  )
}

function LiveCode({ own }: { own: NonNullable<ReturnType<typeof enrolment>> }) {
  const now = useNow(1_000)
  const { text, msLeft } = codeAt(own, now)
  return <CodeBox text={text} secondsLeft={Math.ceil(msLeft / 1_000)} />
}

/** Full brightness while the code is shown, as it was before afterwards. */
function useBrightness(): void {
  useDidShow(() => {
    if (platform !== 'weapp') return
    void Taro.getScreenBrightness().then(({ value }) => {
      before = value
      return Taro.setScreenBrightness({ value: 1 })
    }, ignore)
    void Taro.setKeepScreenOn({ keepScreenOn: true }).catch(ignore)
  })
  useDidHide(() => {
    if (platform !== 'weapp' || before === null) return
    void Taro.setScreenBrightness({ value: before }).catch(ignore)
    before = null
  })
}
let before: number | null = null
const ignore = () => {}
