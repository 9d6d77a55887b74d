import { countText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import type { Mine } from './referral'

/** How many came, what was paid, what is still to be confirmed and, if any, what a colleague is looking at. */
export const Totals = ({ totals }: { totals: Mine['totals'] }) => (
  <View id="totals" className="hy-panel rf-totals">
    <One n={totals.joined} words="位来了" />
    <One n={totals.releasedPoints} words="积分到账" />
    <One n={totals.heldPoints} words="待确认" />
    {totals.reviewPoints > 0 && <One n={totals.reviewPoints} words="核对中" />}
  </View>
)

const One = ({ n, words }: { n: number; words: string }) => (
  <View className="rf-total">
    <View className="rf-total__n">{countText(n)}</View>
    <View className="hy-caption hy-3">{words}</View>
  </View>
)
