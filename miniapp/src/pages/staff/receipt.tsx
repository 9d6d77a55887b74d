import { yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import type { Quote } from './phase'

type Line = Quote['receipt'][number]
type PricedLine = Quote['lines'][number]

export interface Priced {
  fullFen: number
  payableFen: number
  receipt: Line[]
  lines: PricedLine[]
}

/** What took something off always stands there, and so many lines in all; the tail is a tap away. */
const SHOWN_LINES = 5
const SHOWN_ARTICLES = 4

/** The little paper: the articles, every rule that was tried with what came of it, and what is to be paid. */
export const Receipt = ({ priced, pale }: { priced: Priced; pale?: boolean }) => {
  const { fullFen, payableFen, receipt, lines } = priced
  const [whole, setWhole] = useState(false)
  const applied = receipt.filter(({ state }) => state === 'applied').length
  const spare = Math.max(0, SHOWN_LINES - applied)
  const shown = whole ? receipt : withoutTail(receipt, spare)
  const articles = lines.some(({ sku }) => sku !== null) ? lines : []
  return (
    <View id="receipt" className={`hy-panel rc${pale ? ' rc--pale' : ''}`}>
      {articles.length > 0 && <Articles lines={articles} whole={whole} />}
      <View className="rc__line">
        <Text>{articles.length > 0 ? '菜单价合计' : '原价'}</Text>
        <Text className="rc__amt">{yuanText(fullFen)}</Text>
      </View>
      {shown.map((line) => (
        <ReceiptLine key={line.rule} line={line} />
      ))}
      {receipt.length > shown.length && (
        <View id="receipt-more" className="rc__more" {...tapProps(() => setWhole(true))}>
          <Text>{`还有 ${receipt.length - shown.length} 条没用上，看看`}</Text>
          <Icon name="go" size="s" />
        </View>
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

/** All that took something off, in their order, and the first of the others. */
function withoutTail(receipt: Line[], spare: number): Line[] {
  let left = spare
  return receipt.filter(({ state }) => state === 'applied' || left-- > 0)
}

/** The articles with what each costs now; a struck price says what it is measured by. */
const Articles = ({ lines, whole }: { lines: PricedLine[]; whole: boolean }) => {
  const shown = whole ? lines : lines.slice(0, SHOWN_ARTICLES)
  const reduced = lines.some(({ payableFen, fullFen }) => payableFen < fullFen)
  return (
    <View className="rc__articles">
      {shown.map(({ lineNo, title, qty, fullFen, payableFen }) => (
        <View key={lineNo} className="rc__line rc__line--article">
          <Text className="hy-grow">{qty > 1 ? `${title} × ${qty}` : title}</Text>
          {payableFen < fullFen && <Text className="rc__struck">{yuanText(fullFen)}</Text>}
          <Text className="rc__amt">{yuanText(payableFen)}</Text>
        </View>
      ))}
      {lines.length > shown.length && <View className="rc__why">{`还有 ${lines.length - shown.length} 款`}</View>}
      {reduced && <View className="rc__why">划线价是菜单价，右边是这一单的到手价</View>}
    </View>
  )
}

const AMOUNT_OF = { near: '差一点', refused: '未用' }

const ReceiptLine = ({ line: { state, title, words, offFen } }: { line: Line }) => (
  <View className={`rc__line rc__line--${state}`}>
    <Icon name={state === 'applied' ? 'check' : state === 'near' ? 'spark' : 'x'} size="s" className="rc__sign" />
    <View className="hy-grow">
      <View className="rc__title">{title}</View>
      {words && <View className="rc__why">{words}</View>}
    </View>
    <Text className="rc__amt">{state === 'applied' ? `−${yuanText(offFen)}` : AMOUNT_OF[state]}</Text>
  </View>
)
