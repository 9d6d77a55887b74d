import Taro from '@tarojs/taro'
import { askHome } from '../../lib/home'
import { go } from '../../lib/nav'

function onHome(): boolean {
  const pages = Taro.getCurrentPages()
  return pages[pages.length - 1]?.route?.includes('tabs/home') ?? false
}

/** Straight to the gift that waits for somebody new; home is fine when there is none, or no answer, or they went on. */
export async function openGift(): Promise<void> {
  const home = await askHome().catch(() => null)
  if (home?.gift && onHome()) go('/pages/gift/gift')
}
