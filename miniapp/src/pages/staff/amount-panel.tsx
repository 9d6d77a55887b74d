import { yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { Icon } from '../../ui/icon'
import { Keypad } from '../../ui/keypad'
import { tapProps } from '../../ui/tap'
import { ArticlesPanel } from './articles-panel'
import type { Counter } from './use-counter'

/** How much stands on the bill, before anything is taken off: typed, or by articles. */
export const AmountPanel = ({ counter }: { counter: Counter }) => {
  const { ring, locked, press } = counter
  const { amount, count, panel } = ring
  const byArticles = panel !== 'keys'
  return (
    <View className="st-ring">
      <View className="st-amount">
        <PanelSwitch counter={counter} />
        <View id="amount" className={`st-amount__n${amount || count > 0 ? '' : ' hy-3'}`}>
          {count > 0 ? yuanText(ring.fullFen) : `¥${amount || '0'}`}
        </View>
      </View>
      <View>{count > 0 && <Rung counter={counter} />}</View>
      <View className={locked ? 'st-keys st-keys--off' : 'st-keys'}>
        {byArticles ? <ArticlesPanel counter={counter} /> : <Keypad onKey={press} />}
      </View>
    </View>
  )
}

const PanelSwitch = ({ counter: { ring } }: { counter: Counter }) => {
  const byArticles = ring.panel !== 'keys'
  const first = ring.menu.data?.categories[0]?.categoryId ?? 'chosen'
  const words = byArticles ? '按金额输' : '按商品点'
  return (
    <View className="st-amount__head">
      <Text className="hy-2">应收金额</Text>
      <View
        id="panel-switch"
        className="st-link"
        {...tapProps(() => ring.setPanel(byArticles ? 'keys' : ring.count > 0 ? 'chosen' : first), words)}
      >
        <Icon name={byArticles ? 'list' : 'cup'} size="m" />
        <Text className="st-link__in">{words}</Text>
      </View>
    </View>
  )
}

/** What the sum is made of. */
const Rung = ({ counter: { ring } }: { counter: Counter }) => {
  const articles = `商品 ${ring.count} 件 ${yuanText(ring.menuFen)}`
  const words = ring.typedFen > 0 ? `${articles} + 另加 ${yuanText(ring.typedFen)}` : articles
  return (
    <View id="rung" className="st-rung" {...tapProps(() => ring.setPanel('chosen'), `${words}，看看`)}>
      <Text className="hy-grow">{words}</Text>
      <Icon name="go" size="s" />
    </View>
  )
}
