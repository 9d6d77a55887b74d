import { View } from '@tarojs/components'
import Taro, { usePullDownRefresh } from '@tarojs/taro'
import type { PropsWithChildren } from 'react'
import { TabBar } from './tab-bar'

/** The frame of every page. `tab` draws the tab bar below; `onRefresh` answers pulling down. */
export function Page({
  children,
  tab,
  wide,
  onRefresh,
}: PropsWithChildren<{ tab?: 'home' | 'code' | 'me'; wide?: boolean; onRefresh?: () => Promise<unknown> }>) {
  usePullDownRefresh(() => {
    void (onRefresh?.() ?? Promise.resolve()).finally(() => Taro.stopPullDownRefresh())
  })
  return (
    <View className="hy-page">
      <View className={`hy-body${tab ? ' hy-body--tab' : ''}${wide ? ' hy-body--wide' : ''}`}>{children}</View>
      {tab && <TabBar on={tab} />}
    </View>
  )
}
