import { Text, View } from '@tarojs/components'
import Taro, { useDidHide, useDidShow } from '@tarojs/taro'
import { useCallback, useEffect, useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { SignInWays } from '../../join/sign-in-ways'
import { faultOf, type Trouble } from '../../lib/api'
import { useNow } from '../../lib/clock'
import { qrTextOf, renewProof } from '../../lib/code-proof'
import { platform } from '../../lib/device'
import { useHome } from '../../lib/home'
import { codeAt, type Enrolment, enrolHere, useEnrolment } from '../../lib/member-code'
import { refresh } from '../../lib/query'
import { useSession } from '../../lib/session'
import { AllowMessage } from '../../ui/allow-message'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { Empty, FaultNote, Skeleton } from '../../ui/states'
import { CodeBox } from './code-box'
import { DoubtNote, useWatchedClock } from './doubt-note'
import { JustEarned } from './just-earned'
import { Ended, useEnded } from './still-mine'
import { WhoAmI } from './who-am-i'

/** How often the code and the clock are looked at. */
const LOOK_MS = 1_000

/** The code to show at the counter; made on this phone, so it works with no network. */
export default function Code() {
  const { state } = useSession()
  const { own } = useEnrolment()
  const [joining, setJoining] = useState(false)
  return (
    <Page tab="code">
      {state === 'member' || own ? (
        <OwnCode />
      ) : state === 'starting' ? (
        <Skeleton kind="card" />
      ) : (
        <View>
          <Empty title="入会就有会员码" sub="结账前给店员扫一下，积分自动到账" />
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
  const { own } = useEnrolment()
  const [fault, setFault] = useState<Trouble | null>(null)
  const home = useHome()
  const ended = useEnded(own)
  const ask = useCallback(() => {
    setFault(null)
    enrolHere().then(renewProof, (error) => setFault(faultOf(error)))
  }, [])
  useEffect(() => {
    if (!own) ask()
  }, [own, ask])
  useBrightness()
  // the code may have been used at a counter while it was shown
  useDidHide(() => void refresh('home', 'statement', 'lots', 'tier'))
  // each in a box of its own: what comes and goes beside the code must not have WeChat take its picture again
  return (
    <View>
      <View>
        {home.data && <WhoAmI card={home.data.card} />}
        {home.data && own && <JustEarned card={home.data.card} at={home.at} />}
      </View>
      <View>
        {ended ? (
          <Ended />
        ) : own ? (
          <LiveCode own={own} />
        ) : fault ? (
          <FaultNote fault={fault} onRetry={ask} />
        ) : (
          <Skeleton kind="card" rows={0} />
        )}
      </View>
      {!ended && (
        <View className="hy-row hy-mt4 hy-3 hy-middle">
          <Icon name="check" size="s" />
          <Text className="hy-caption">没有网络也能用 · 截图无效</Text>
        </View>
      )}
      {own && <AllowMessage id="allow-points" template="points_arrived" title="积分到账告诉我" />}
    </View>
  )
}

function LiveCode({ own }: { own: Enrolment }) {
  const now = useNow(LOOK_MS)
  useWatchedClock(now, now + own.offsetMs, LOOK_MS)
  const code = codeAt(own, now)
  return (
    <View>
      <View>
        <DoubtNote />
      </View>
      <CodeBox text={code.text} qrText={qrTextOf(own, code, now)} secondsLeft={Math.ceil(code.msLeft / 1_000)} />
    </View>
  )
}

/** Full brightness while the code is shown, as it was before afterwards. */
function useBrightness(): void {
  useEffect(() => {
    brighten()
    return dim
  }, [])
  useDidShow(brighten)
  useDidHide(dim)
}

let before: number | null = null
const ignore = () => {}

function brighten(): void {
  if (platform !== 'weapp' || before !== null) return
  void Taro.getScreenBrightness().then(({ value }) => {
    before = value
    return Taro.setScreenBrightness({ value: 1 })
  }, ignore)
  void Taro.setKeepScreenOn({ keepScreenOn: true }).catch(ignore)
}

function dim(): void {
  if (platform !== 'weapp' || before === null) return
  void Taro.setScreenBrightness({ value: before }).catch(ignore)
  before = null
}
