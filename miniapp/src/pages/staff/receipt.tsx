import { yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { Icon } from '../../ui/icon'
import type { Quote } from './phase'

type Line = Quote['receipt'][number]

export interface Priced {
  fullFen: number
  payableFen: number
  receipt: Line[]
}

/** The little paper: the full price, every rule that was tried with what came of it, and what is to be paid. */
export const Receipt = ({ priced, pale }: { priced: Priced; pale?: boolean }) => {
  const { fullFen, payableFen, receipt } = priced
  return (
    <View id="receipt" className={`hy-panel rc${pale ? ' rc--pale' : ''}`}>
      <View className="rc__line">
        <Text>原价</Text>
        <Text className="rc__amt">{yuanText(fullFen)}</Text>
      </View>
      {receipt.map((line) => (
        <ReceiptLine key={line.rule} line={line} />
      ))}
      <View className="rc__line rc__line--sum">
        <View>
          <View className="hy-bold">实收</View>
          {fullFen > payableFen && <View className="rc__why">{`共省 ${yuanText(fullFen - payableFen)}`}</View>}
        </View>
        <View id="payable" className="rc__sum">
          {yuanText(payableFen)}
        </View>
      </View>
    </View>
  )
}

const ReceiptLine = ({ line: { state, title, words, offFen } }: { line: Line }) => {
  const applied = state === 'applied'
  return (
    <View className={`rc__line rc__line--${state}`}>
      <View className="rc__sign">
        <Icon name={applied ? 'check' : 'x'} size="s" />
      </View>
      <View className="hy-grow">
        <View className="rc__title">{title}</View>
        {words && <View className="rc__why">{words}</View>}
      </View>
      <Text className="rc__amt">{applied ? `−${yuanText(offFen)}` : state === 'near' ? '差一点' : '未用'}</Text>
    </View>
  )
}
