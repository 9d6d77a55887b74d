import { yuanText } from '@huiyuan/shared/money'
import type { Price, ReceiptLine } from '@huiyuan/shared/pricing'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { Icon, type IconName } from '../../ui/icon'
import { tapProps } from '../../ui/tap'

const SIGNS: Record<ReceiptLine['state'], IconName> = { applied: 'check', near: 'spark', refused: 'x' }

/** What was made of the menu's price: what counted and what nearly did; what did not is there when asked for. */
export function Receipt({ price: { fullFen, receipt } }: { price: Price }) {
  const [all, setAll] = useState(false)
  const counted = receipt.filter(({ state }) => state !== 'refused')
  const refused = receipt.filter(({ state }) => state === 'refused')
  return (
    <View id="receipt" className="pc-receipt">
      <View className="pc-line">
        <Text>菜单价</Text>
        <Text className="pc-amount">{yuanText(fullFen)}</Text>
      </View>
      {counted.map((line) => (
        <Line key={line.rule} line={line} />
      ))}
      <View>
        {refused.length > 0 && (
          <View id="refused-open" className="pc-more" {...tapProps(() => setAll(!all))}>
            <Text>{all ? '收起没用上的' : `没用上的 ${refused.length} 条，看看为什么`}</Text>
          </View>
        )}
        {all && refused.map((line) => <Line key={line.rule} line={line} />)}
      </View>
    </View>
  )
}

const Line = ({ line: { state, title, words, offFen } }: { line: ReceiptLine }) => (
  <View className={`pc-line pc-line--${state}`}>
    <Icon name={SIGNS[state]} size="s" className="pc-sign" />
    <View className="hy-grow">
      <View className="pc-title">{title}</View>
      {words && <View className="pc-why">{words}</View>}
    </View>
    <Text className="pc-amount">
      {state !== 'applied' ? (state === 'near' ? '差一点' : '没用上') : offFen > 0 ? `−${yuanText(offFen)}` : ''}
    </Text>
  </View>
)
