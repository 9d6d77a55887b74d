import { Text, View } from '@tarojs/components'
import Taro, { usePullDownRefresh } from '@tarojs/taro'
import { type PropsWithChildren, useState } from 'react'
import { back, type Tab } from '../lib/nav'
import { scaled } from '../lib/text-scale'
import { Icon } from './icon'
import { TabBar } from './tab-bar'
import { tapProps } from './tap'

export interface PageWish {
  /** Draws the tab bar below. */
  tab?: Tab
  /** Takes the whole width and draws its own head. */
  wide?: boolean
  /** On a desk as wide as two columns; on a phone like any other. */
  broad?: boolean
  /** Answers pulling down. */
  onRefresh?: () => Promise<unknown>
}

/** The frame of every page. WeChat draws a head with the way back; in a browser the page has its own. */
export function Page({ children, tab, wide, broad, onRefresh }: PropsWithChildren<PageWish>) {
  usePullDownRefresh(() => {
    void (onRefresh?.() ?? Promise.resolve()).finally(() => Taro.stopPullDownRefresh())
  })
  return (
    <View className="hy-page" {...scaled}>
      {process.env.TARO_ENV === 'h5' && !tab && !wide && <Head broad={broad ?? false} />}
      <View
        className={`hy-body${tab ? ' hy-body--tab' : ''}${wide ? ' hy-body--wide' : ''}${broad ? ' hy-body--broad' : ''}`}
      >
        {children}
      </View>
      {tab && <TabBar on={tab} />}
    </View>
  )
}

function Head({ broad }: { broad: boolean }) {
  const [title] = useState(() => Taro.getCurrentInstance().page?.config?.navigationBarTitleText ?? '')
  return (
    <View className={`hy-head${broad ? ' hy-head--broad' : ''}`}>
      <View id="head-back" className="hy-head__back" {...tapProps(back, '返回')}>
        <Icon name="back" />
      </View>
      <Text className="hy-title">{title}</Text>
    </View>
  )
}
