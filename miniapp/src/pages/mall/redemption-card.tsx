import { countText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import type { Redemption } from '../../lib/mall'
import { toTab } from '../../lib/nav'
import { Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { RewardStage } from '../../ui/reward-art'
import { tapProps } from '../../ui/tap'
import { inFours } from './pick-up-sheet'

type Kind = 'brand' | 'accent' | 'ok'

/** How it stands, in a word. */
function standing({ state, kind, cancelReason }: Redemption): { name: string; tag?: Kind } {
  if (kind === 'coupon' && state === 'done') return { name: '已到账', tag: 'ok' }
  if (state === 'placed') return { name: '备货中', tag: 'brand' }
  if (state === 'ready') return { name: '可以取了', tag: 'accent' }
  if (state === 'done') return { name: '已取走', tag: 'ok' }
  return { name: cancelReason === 'overdue' ? '过期未取' : '已取消' }
}

/** What is next, or what became of it. */
function words({ state, kind, origin, readyAt, pickupBy, finishedAt, storeName, cancelReason }: Redemption): string {
  const now = new Date()
  const day = (iso: string) => dayWords(new Date(iso), now)
  const finished = finishedAt ? day(finishedAt) : ''
  if (state === 'placed') return `${day(readyAt)} ${clockText(new Date(readyAt))} 备好，${day(pickupBy)}前取`
  if (state === 'ready') return `${day(pickupBy)}前到任一门店取`
  if (state === 'done') return kind === 'coupon' ? `${finished}放进卡券` : `${finished}在${storeName ?? '门店'}取走`
  if (cancelReason === 'gift_superseded') return '两张会员卡合并，新人礼只留一份'
  if (origin === 'gift') return cancelReason === 'overdue' ? '超过日期没有取' : '已经取消'
  return cancelReason === 'overdue' ? `${finished}到期没有取，积分已退回` : `${finished}取消，积分已退回`
}

const costWords = ({ origin, points }: Redemption) => (origin === 'gift' ? '新人礼' : `${countText(points)} 积分`)

interface CardWish {
  redemption: Redemption
  onPick: (redemption: Redemption) => void
  onCancel: (redemption: Redemption) => void
}

/** One exchange with its state; the code stands large where it can be picked up. */
export function RedemptionCard({ redemption, onPick, onCancel }: CardWish) {
  const { title, art, state, kind, pieceNo, stockTotal, pickupCode, canCancel } = redemption
  const { name, tag } = standing(redemption)
  const over = state === 'cancelled'
  return (
    <View className="hy-panel rd-card">
      <View className={`hy-row hy-row--top${over ? ' rd-over' : ''}`}>
        <RewardStage art={art} size="s" />
        <View className="rw-what">
          <View className="hy-row hy-between hy-row--top">
            <Text className="hy-bold rd-title">{title}</Text>
            <Tag {...(tag ? { kind: tag } : {})}>{name}</Tag>
          </View>
          <View className="hy-caption hy-2">{words(redemption)}</View>
          <View className="hy-caption hy-3">
            {[costWords(redemption), pieceNo !== null && !over && `第 ${pieceNo}/${stockTotal} 件`]
              .filter(Boolean)
              .join(' · ')}
          </View>
        </View>
      </View>
      {pickupCode !== null && (
        <View
          className="rd-code"
          {...tapProps(() => onPick(redemption), `${title}，取货码 ${inFours(pickupCode)}，放大出示`)}
        >
          <View>
            <View className="hy-caption">取货码</View>
            <View className="rd-code__n">{inFours(pickupCode)}</View>
          </View>
          <Text className="rd-code__go">放大出示</Text>
        </View>
      )}
      {canCancel && (
        <View className="rd-foot">
          <Button kind="ghost" small label={`取消兑换${title}`} onTap={() => onCancel(redemption)}>
            取消兑换
          </Button>
        </View>
      )}
      {kind === 'coupon' && state === 'done' && (
        <View className="rd-foot">
          <Button kind="ghost" small label={`去卡券看看，${title}`} onTap={() => toTab('coupon')}>
            去卡券看看
          </Button>
        </View>
      )}
    </View>
  )
}
