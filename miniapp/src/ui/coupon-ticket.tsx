import { Text, View } from '@tarojs/components'
import { type ReactNode, useState } from 'react'
import { Icon } from './icon'
import { tapProps } from './tap'

export interface TicketWish {
  /** What it is worth, in a few signs. */
  figure: string
  unit: string
  title: string
  sub: ReactNode
  tone?: 'brand' | 'quiet'
  /** Shown when asked for. */
  rules?: string
  /** The way to use or take it. */
  end?: ReactNode
  id?: string
}

const LONG = 5

/** A ticket: what it is worth on its face, what for and until when beside it. */
export function Ticket({ figure, unit, title, sub, tone, rules, end, id }: TicketWish) {
  const [open, setOpen] = useState(false)
  return (
    <View {...(id ? { id } : {})} className={`hy-ticket${tone ? ` hy-ticket--${tone}` : ''}`}>
      <View className="hy-ticket__top">
        <View className="hy-ticket__face">
          <Text className={`hy-ticket__n${figure.length >= LONG ? ' hy-ticket__n--long' : ''}`}>{figure}</Text>
          <Text>{unit}</Text>
        </View>
        <View className={`hy-ticket__main${rules ? '' : ' hy-ticket__main--line'}`}>
          <View className="hy-ticket__words">
            <View className="hy-bold">{title}</View>
            <View className="hy-caption hy-3 hy-mt1">{sub}</View>
          </View>
          {rules ? (
            <View className="hy-ticket__foot">
              <View
                className="hy-ticket__rules"
                {...tapProps(() => setOpen(!open), `${title}，${open ? '收起' : '使用规则'}`)}
              >
                <Text>使用规则</Text>
                <Icon name="go" size="s" className={`hy-ticket__fold${open ? ' hy-ticket__fold--open' : ''}`} />
              </View>
              {end}
            </View>
          ) : (
            end
          )}
        </View>
      </View>
      {open && <View className="hy-ticket__text">{rules}</View>}
    </View>
  )
}
