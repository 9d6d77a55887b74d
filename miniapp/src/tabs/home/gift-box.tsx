import { countText, yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Icon, type IconName } from '../../ui/icon'
import type { Preview } from './use-guest-home'

type Gift = NonNullable<Preview['gift']>
type Content = Gift['contents'][number]

/** What is in the box for somebody who comes for the first time. */
export const GiftBox = ({ gift }: { gift: Gift }) => (
  <View id="gift-preview" className="hm-gift hy-tier-3">
    <View className="hy-card__pattern" />
    <View className="hy-card__light" />
    <View className="hm-gift__in">
      <View className="hm-gift__head">
        <View className="hy-grow">
          <View className="hy-title">{gift.title}</View>
          <View className="hm-gift__sub">入会就能打开，一人一份</View>
        </View>
        <View className="hm-box" {...aria({ hidden: true })} />
      </View>
      {gift.contents.map((content, index) => {
        const { icon, title, sub } = wordsOf(content)
        return (
          <View key={index} className="hm-content">
            <Icon name={icon} size="m" />
            <View className="hm-content__words">
              <Text className="hy-bold hm-content__title">{title}</Text>
              <Text className="hm-gift__sub">{sub}</Text>
            </View>
          </View>
        )
      })}
    </View>
  </View>
)

const yuan = (fen: number) => yuanText(fen).replace(/^¥/, '').replace(/\.00$/, '')

function wordsOf(content: Content): { icon: IconName; title: string; sub: string } {
  switch (content.kind) {
    case 'pickup':
      return { icon: 'cup', title: content.title, sub: `门店自取，${content.days} 天内` }
    case 'coupon': {
      // 满 30 减 8 says itself from how much on
      const from =
        /满/.test(content.title) || content.thresholdFen === 0 ? '' : `满 ${yuan(content.thresholdFen)} 元可用，`
      const days = content.validDays ? `${content.validDays} 天内有效` : '打开就有'
      return { icon: 'ticket', title: content.title, sub: `${from}${days}` }
    }
    case 'right':
      return {
        icon: 'medal',
        title: content.title,
        sub: content.days === null ? '打开就有' : `${content.days} 天内有效`,
      }
    case 'follow_up':
      return { icon: 'ticket', title: content.title, sub: '取走后送你' }
    case 'points':
      return { icon: 'spark', title: `${countText(content.points)} 积分`, sub: '打开就到账，能换茶和茶具' }
  }
}
