import { ADJUSTMENT_NAMES } from '@huiyuan/shared/adjustment'
import { countText } from '@huiyuan/shared/money'
import { clockText, daysUntil, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { type Adjustment, signed, whoOf } from './adjustment'

interface RowWish {
  adjustment: Adjustment
  onDecide?: (adjustment: Adjustment, agree: boolean) => void
}

/** Whose, how many, why, by whom; what another has asked for can be decided here. */
export function AdjustmentRow({ adjustment, onDecide }: RowWish) {
  const { adjustmentId, points, reason, note, mine } = adjustment
  return (
    <View id={`adjustment-${adjustmentId}`} className="bk-row">
      <View className="hy-row hy-between">
        <View className="hy-grow">
          <View className="bk-row__n">{signed(points)}</View>
          <View className="hy-caption hy-2 hy-num">{whoOf(adjustment)}</View>
        </View>
        <StateTag adjustment={adjustment} />
      </View>
      <View className="hy-mt2">{`${ADJUSTMENT_NAMES[reason]}：${note}`}</View>
      <View className="hy-caption hy-3 hy-num">{`${adjustment.proposedBy} 提出 · ${moment(adjustment.proposedAt)}`}</View>
      <View>
        {adjustment.decidedAt && <View className="hy-caption hy-3 hy-num">{decisionWords(adjustment)}</View>}
        {onDecide && !mine && (
          <View className="bk-acts">
            <Button
              id={`refuse-${adjustmentId}`}
              kind="line"
              small
              label={`不同意 ${signed(points)}`}
              onTap={() => onDecide(adjustment, false)}
            >
              不同意
            </Button>
            <Button
              id={`agree-${adjustmentId}`}
              kind="secondary"
              small
              label={`同意 ${signed(points)}`}
              onTap={() => onDecide(adjustment, true)}
            >
              同意
            </Button>
          </View>
        )}
      </View>
    </View>
  )
}

function StateTag({ adjustment: { state, mine } }: { adjustment: Adjustment }) {
  if (state === 'done') return <Tag kind="ok">已生效</Tag>
  if (state === 'refused') return <Tag kind="bad">未同意</Tag>
  return mine ? <Tag>等别人复核</Tag> : <Tag kind="accent">等你复核</Tag>
}

/** Who decided and when; nothing is repeated where one operator was enough. */
function decisionWords(adjustment: Adjustment): string {
  const { state, proposedBy, decidedBy, decidedAt, decisionNote, debtPoints } = adjustment
  const alone = decidedBy === proposedBy
  return [
    alone ? '当天额度内，一人完成' : `${decidedBy ?? '运营'} ${state === 'done' ? '同意' : '不同意'}`,
    alone || !decidedAt ? null : moment(decidedAt),
    decisionNote,
    debtPoints > 0 ? `其中 ${countText(debtPoints)} 记作欠分` : null,
  ]
    .filter(Boolean)
    .join(' · ')
}

/** `今天 10:32`, `11 月 20 日 09:05` */
function moment(iso: string): string {
  const at = new Date(iso)
  const now = new Date()
  return `${daysUntil(at, now) === 0 ? '今天' : dayWords(at, now)} ${clockText(at)}`
}
