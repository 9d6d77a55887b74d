import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import type { Read } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Cell, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { RewardStage } from '../../ui/reward-art'
import { Sheet } from '../../ui/sheet'
import { FaultNote, States } from '../../ui/states'
import { isMemberCode } from './key-reader'
import { More } from './more'
import { type HandedOver, PICKUP_DIGITS, type PickUp } from './use-pick-up'
import { useSome } from './use-some'
import type { Waiting } from './use-waits'

interface PickUpWish {
  pickUp: PickUp
  read: Read<{ redemptions: Waiting[] }>
  onScan: (code: string) => Promise<boolean>
  onClose: () => void
}

const camera = process.env.TARO_ENV === 'weapp'
/** A scanner that types into the field may also have read a member code. */
const FIELD_DIGITS = 18

/** What waits for this customer, and the eight digits that hand it over. */
export function PickUpSheet({ pickUp, read, onScan, onClose }: PickUpWish) {
  const { code, put, hand, handing, done } = pickUp
  const input = (digits: string) => {
    if (isMemberCode(digits)) void onScan(digits)
    else put(digits)
  }
  return (
    <Sheet open onClose={onClose} title="取货">
      {done && <HandedNote done={done} />}
      <States read={read}>{({ redemptions }) => <WaitingList redemptions={redemptions} />}</States>

      <Field
        id="pickup-input"
        label={camera ? '或输入 8 位取货码' : '扫取货码，或输入 8 位数字'}
        type="number"
        value={code}
        maxLength={FIELD_DIGITS}
        onInput={input}
        onConfirm={() => void hand()}
      />
      <View className="hy-dock">
        {handing.fault && <FaultNote fault={handing.fault} onRetry={() => void hand()} />}
        {camera && (
          <Button id="pickup-scan" block kind="secondary" onTap={() => void byCamera(pickUp)}>
            扫取货码
          </Button>
        )}
        <Button
          id="pickup-submit"
          block
          busy={handing.busy}
          disabled={code.length !== PICKUP_DIGITS && !handing.busy}
          onTap={() => void hand()}
        >
          核对并交货
        </Button>
      </View>
    </Sheet>
  )
}

function WaitingList({ redemptions }: { redemptions: Waiting[] }) {
  const { shown, rest, more } = useSome(redemptions)
  if (redemptions.length === 0)
    return (
      <View id="waiting" className="hy-2">
        没有等着取的东西
      </View>
    )
  return (
    <View>
      <View id="waiting" className="st-list">
        {shown.map((one, index) => (
          <Cell
            // two of the same kind may wait; they differ in nothing that a clerk may see
            key={`${one.title}-${index}`}
            lead={<Art art={one.art} />}
            title={one.title}
            sub={[pieceWords(one.pieceNo), `${dayWords(new Date(one.pickupBy), new Date())}前取`]
              .filter(Boolean)
              .join(' · ')}
            end={one.state === 'ready' ? <Tag kind="ok">可以取</Tag> : <Tag>备货中</Tag>}
          />
        ))}
      </View>
      <More rest={rest} onTap={more} />
    </View>
  )
}

const Art = ({ art }: { art: string }) => (
  <View className="st-art">
    <RewardStage art={art} size="s" />
  </View>
)

const pieceWords = (pieceNo: number | null) => (pieceNo === null ? null : `第 ${pieceNo} 号`)

const HandedNote = ({ done: { art, title, pieceNo, followUp } }: { done: HandedOver }) => (
  <View id="handed" className="st-good" {...aria({ role: 'alert' })}>
    <Art art={art} />
    <View className="st-good__main">
      <View className="hy-bold">{`请交给顾客：${title}`}</View>
      <View className="hy-caption">{pieceNo === null ? '已核销' : `第 ${pieceNo} 号，核对编号 · 已核销`}</View>
      {followUp && <View className="hy-caption">{`顾客的卡券里多了一张「${followUp.title}」，下次来用`}</View>}
    </View>
  </View>
)

/** Leaving the camera without a scan is no fault. */
async function byCamera(pickUp: PickUp): Promise<void> {
  const read = await Taro.scanCode({ onlyFromCamera: true, scanType: ['barCode', 'qrCode'] }).catch(() => null)
  if (read) void pickUp.read(read.result)
}
