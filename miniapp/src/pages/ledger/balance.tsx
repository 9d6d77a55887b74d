import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useHome } from '../../lib/home'
import { Points } from '../../ui/points'

/** What can be used now, and what will be; left out while it is not known. */
export function Balance() {
  const card = useHome().data?.card
  if (!card) return null
  const { points, pendingPoints, nextPendingAt, debtPoints } = card
  return (
    <View id="balance" className="lg-balance">
      <View className="hy-grow">
        <View className="hy-caption hy-2">现在可用</View>
        <Points id="balance-points" size="xl" value={points} />
        {debtPoints > 0 && (
          <View className="hy-caption hy-2 hy-mt1">{`还欠 ${countText(debtPoints)}，下次得到的先补上`}</View>
        )}
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
  )
}
