import Taro from '@tarojs/taro'

export type Tab = 'home' | 'mall' | 'code' | 'coupon' | 'me'

/** Opens a page of a subpackage; a full page stack (10 in WeChat) gives its top away. */
export const go = (path: string): void =>
  void Taro.navigateTo({ url: path }).catch(() => Taro.redirectTo({ url: path }))

export const toTab = (tab: Tab): void => void Taro.switchTab({ url: `/tabs/${tab}/index` })

/** One page back; the home tab when there is none. */
export function back(): void {
  if (Taro.getCurrentPages().length > 1) void Taro.navigateBack()
  else toTab('home')
}
