import { yuanText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Keypad } from '../../ui/keypad'
import { fenOf } from './amount'
import { CodeDoor } from './code-door'
import type { Shown } from './offline-book'
import type { Offline } from './use-offline'

const IDS = { camera: 'offline-camera', field: 'offline-code', submit: 'offline-scan' }

/** One customer after the other: code, amount, noted. */
export function OfflineTake({ offline }: { offline: Offline }) {
  const { at, sync } = offline
  return (
    <View>
      {at.step === 'scan' && (
        <Panel pad>
          <CodeDoor ids={IDS} words="扫二维码当场就能验；条形码先记下，联网后再核对" onCode={offline.scan} />
        </Panel>
      )}
      {at.step === 'amount' && <Amount offline={offline} shown={at.shown} />}
      {at.step === 'noted' && <Noted offline={offline} amountFen={at.amountFen} />}
      {/* some browsers never say that they have lost the network; a sync that failed does */}
      {sync.online && !sync.fault && at.step === 'scan' && (
        <View className="hy-caption hy-2 hy-mt3">现在有网络：用收银台可以用券、用积分，这里只积分。</View>
      )}
    </View>
  )
}

function Amount({ offline: { amount, press, note, next }, shown }: { offline: Offline; shown: Shown }) {
  return (
    <View>
      <Who shown={shown} />
      <View className="st-ring hy-mt3">
        <View className="st-amount">
          <Text className="hy-2">实收金额</Text>
          <View id="offline-amount" className={`st-amount__n${amount ? '' : ' hy-3'}`}>{`¥${amount || '0'}`}</View>
        </View>
        <Keypad onKey={press} />
      </View>
      <View className="hy-dock">
        <Button id="offline-note" block disabled={fenOf(amount) === 0} onTap={note}>
          记下这一笔
        </Button>
        <Button id="offline-back" block kind="ghost" onTap={next}>
          换一位
        </Button>
      </View>
    </View>
  )
}

function Who({ shown: { proven } }: { shown: Shown }) {
  if (!proven)
    return (
      <View id="offline-who" className="st-off__who" {...aria({ role: 'alert' })}>
        <Icon name="clock" size="m" />
        <View className="hy-note__main">
          <View className="hy-bold">会员码已记下，联网后核对</View>
          <View className="hy-caption">条形码没有离线凭证；请顾客出示二维码，可以当场验</View>
        </View>
      </View>
    )
  return (
    <View id="offline-who" className="st-off__who st-off__who--ok" {...aria({ role: 'alert' })}>
      <Icon name="shield" size="m" />
      <View className="hy-note__main">
        <View className="hy-bold">{`验过了：${rungOf(proven.tier, DEMO_POLICY).name}会员的手机`}</View>
        <View className="hy-caption">等级是最近一次联网时的；券和积分联网后才能用</View>
      </View>
    </View>
  )
}

const Noted = ({ offline: { next, book }, amountFen }: { offline: Offline; amountFen: number }) => (
  <View id="offline-noted" className="hy-panel hy-panel--pad" {...aria({ role: 'alert' })}>
    <View className="st-done">
      <View className="st-done__tick">
        <Icon name="check" size="l" />
      </View>
      <View className="hy-title">{`已记下 ${yuanText(amountFen)}`}</View>
      <View className="hy-2 hy-mt1">
        {book.waiting.length > 0 ? '联网后自动入账，积分到会员名下' : '已经同步，积分到会员名下'}
      </View>
    </View>
    <View className="hy-dock">
      <Button id="offline-next" block onTap={next}>
        下一位
      </Button>
    </View>
  </View>
)
