import { yuanText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import type { Whole } from './obligation'

const SHOWN = 3

interface ChoiceWish {
  purchases: Whole['purchases']
  chosen: string
  onChoose: (orderId: string) => void
}

/** Which purchase it is about, the newest first. */
export function PurchaseChoice({ purchases, chosen, onChoose }: ChoiceWish) {
  const [all, setAll] = useState(false)
  const shown = all ? purchases : purchases.slice(0, SHOWN)
  return (
    <View id="purchases" className="hy-field">
      <View className="hy-field__label">说的是哪一单</View>
      {purchases.length === 0 && (
        <View className="hy-2">最近九十天里还没有可以写的一单。喝过以后再来，说的才是真心话。</View>
      )}
      {shown.map((one) => {
        const on = one.orderId === chosen
        return (
          <View
            key={one.orderId}
            id={`purchase-${one.orderId}`}
            className={`hy-tick ob-purchase${on ? ' hy-tick--on' : ''}`}
            {...tapProps(() => onChoose(one.orderId))}
            {...aria({ role: 'checkbox', checked: on })}
          >
            <View className="hy-tick__box">
              <Icon name="check" size="s" />
            </View>
            <View className="hy-grow">
              <View>{one.articles.length > 0 ? one.articles.join('、') : `${one.storeName}消费`}</View>
              <View className="hy-caption hy-3">
                {`${dayWords(new Date(one.settledAt), new Date())}，${one.storeName}，${yuanText(one.amountFen)}`}
              </View>
            </View>
          </View>
        )
      })}
      {!all && purchases.length > SHOWN && (
        <Button kind="ghost" small block onTap={() => setAll(true)}>
          {`还有 ${purchases.length - SHOWN} 单`}
        </Button>
      )}
    </View>
  )
}
