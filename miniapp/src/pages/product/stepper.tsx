import { Text, View } from '@tarojs/components'
import { pick, useQty } from '../../lib/cart'
import { tapProps } from '../../ui/tap'
import type { Article } from './menu-words'

/** One piece more or less; it is drawn again only when its own number changes. */
export function Stepper({ article: { sku, title, category, priceFen } }: { article: Article }) {
  const qty = useQty(sku)
  const put = (next: number) => pick({ sku, category, unitFen: priceFen, qty: next })
  return (
    <View className="mn-steps">
      {qty > 0 && <View id={`less-${sku}`} className="mn-step" {...tapProps(() => put(qty - 1), `${title}，减一件`)} />}
      {qty > 0 && <Text className="mn-steps__n">{qty}</Text>}
      <View
        id={`more-${sku}`}
        className="mn-step mn-step--more"
        {...tapProps(() => put(qty + 1), `${title}，加一件`)}
      />
    </View>
  )
}
