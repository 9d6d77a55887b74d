import { countText, yuanText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { Panel } from '../../ui/blocks'
import type { Shift } from './use-shift'

/** The day in four numbers. */
export const ShiftTotals = ({ totals, storeName }: { totals: Shift['totals']; storeName: string }) => (
  <View id="shift-totals">
    <Panel pad>
      <View className="hy-caption hy-2">{`${storeName}今日收款`}</View>
      <View className="st-total">{yuanText(totals.amountFen)}</View>
      <View className="st-sums">
        <Sum name="笔" count={totals.count} />
        <Sum name="位会员" count={totals.members} />
        <Sum name="积分" count={totals.points} />
      </View>
    </Panel>
  </View>
)

const Sum = ({ name, count }: { name: string; count: number }) => (
  <View className="st-sum">
    <View className="st-sum__n">{countText(count)}</View>
    <View className="hy-caption hy-2">{name}</View>
  </View>
)
