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

/** Rules come with those that took something off first; a long tail of coupons that do not fit is only counted. */
const SHOWN_LINES = 4

/** The little paper: the full price, every rule that was tried with what came of it, and what is to be paid. */
export const Receipt = ({ priced, pale }: { priced: Priced; pale?: boolean }) => {
  const { fullFen, payableFen, receipt } = priced
  const lines = receipt.slice(0, SHOWN_LINES)
  return (
    <View id="receipt" className={`hy-panel rc${pale ? ' rc--pale' : ''}`}>
      <View className="rc__line">
        <Text>原价</Text>
        <Text className="rc__amt">{yuanText(fullFen)}</Text>
      </View>
      {lines.map((line) => (
        <ReceiptLine key={line.rule} line={line} />
      ))}
      {receipt.length > lines.length && (
        <View className="rc__why rc__more">{`还有 ${receipt.length - lines.length} 张券没用上`}</View>
      )}
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
      <Icon name={applied ? 'check' : 'x'} size="s" className="rc__sign" />
      <View className="hy-grow">
        <View className="rc__title">{title}</View>
        {words && <View className="rc__why">{words}</View>}
      </View>
      <Text className="rc__amt">{applied ? `−${yuanText(offFen)}` : state === 'near' ? '差一点' : '未用'}</Text>
    </View>
  )
}
