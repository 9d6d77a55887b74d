import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { useHome } from '../../lib/home'
import { Icon } from '../../ui/icon'
import { Points } from '../../ui/points'

/** What can be used now, what will be, and what is owed; left out while it is not known. */
export function Balance() {
  const card = useHome().data?.card
  if (!card) return null
  const { points, pendingPoints, nextPendingAt, debtPoints } = card
  return (
    <View>
      <View id="balance" className="lg-balance">
        <View className="hy-grow">
          <View className="hy-caption hy-2">现在可用</View>
          <Points id="balance-points" size="xl" value={points} />
        </View>
        {pendingPoints > 0 && (
          <View className="lg-balance__end">
            <View className="hy-caption hy-2">待生效</View>
            <View className="lg-balance__n">{countText(pendingPoints)}</View>
            {nextPendingAt && (
              <View className="hy-caption hy-3">{`${dayWords(new Date(nextPendingAt), new Date())}起`}</View>
            )}
          </View>
        )}
      </View>
      <View>{debtPoints > 0 && <Debt card={card} />}</View>
    </View>
  )
}

/** What is owed, and what pays it. */
const Debt = ({
  card: { debtPoints, pendingPoints, nextPendingAt },
}: {
  card: RouterOutputs['home']['show']['card']
}) => (
  <View id="debt" className="hy-note">
    <Icon name="warn" size="m" />
    <View className="hy-note__main">
      <View className="hy-bold hy-num">{`还欠 ${countText(debtPoints)} 积分`}</View>
      <View className="hy-caption hy-num">
        {pendingPoints > 0 && nextPendingAt
          ? `收回时积分已经用掉了。待生效的积分 ${dayWords(new Date(nextPendingAt), new Date())}起先补上。`
          : '收回时积分已经用掉了。下次得到的积分先补上。'}
      </View>
    </View>
  </View>
)
