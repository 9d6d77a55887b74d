import type { Holder } from './holder'
import { type Asked, asyncApi, type Ground, WxFailure } from './wx-call'

/** Calls that only show or do something the person sees; the phone notes them among its deeds. */
const SHOWN = [
  'showToast',
  'hideToast',
  'showLoading',
  'hideLoading',
  'setNavigationBarTitle',
  'setNavigationBarColor',
  'showNavigationBarLoading',
  'hideNavigationBarLoading',
  'setBackgroundColor',
  'setBackgroundTextStyle',
  'setTabBarBadge',
  'removeTabBarBadge',
  'showTabBarRedDot',
  'hideTabBarRedDot',
  'setTabBarStyle',
  'setTabBarItem',
  'showTabBar',
  'hideTabBar',
  'hideHomeButton',
  'showShareMenu',
  'hideShareMenu',
  'updateShareMenu',
  'pageScrollTo',
  'hideKeyboard',
  'vibrateShort',
  'vibrateLong',
  'makePhoneCall',
  'openLocation',
  'previewImage',
  'openPrivacyContract',
  'openCustomerServiceChat',
  'navigateToMiniProgram',
  'exitMiniProgram',
  'startPullDownRefresh',
  'stopPullDownRefresh',
  'enableAlertBeforeUnload',
  'disableAlertBeforeUnload',
  'reportEvent',
]

/** Toasts, dialogues and what else appears on the screen outside the page's own WXML. */
export function surfaceApis(ground: Ground, holder: Holder): Record<string, unknown> {
  const { journal } = ground
  const note = (name: string, asked: Asked) => {
    const plain = Object.entries(asked).filter(([, part]) => typeof part !== 'function')
    const deed = { name, asked: Object.fromEntries(plain) }
    journal.deeds.push(deed)
    return deed
  }
  const shown = SHOWN.map((name) => [name, asyncApi(ground, name, (asked) => void note(name, asked))])
  return {
    ...Object.fromEntries(shown),
    canvasToTempFilePath: asyncApi(ground, 'canvasToTempFilePath', ({ canvas }) => {
      if (!canvas) throw new WxFailure('canvas is empty')
      return { tempFilePath: 'wxfile://tmp_canvas.png' }
    }),
    saveImageToPhotosAlbum: asyncApi(ground, 'saveImageToPhotosAlbum', (asked) => {
      if (!holder.grants('scope.writePhotosAlbum')) throw new WxFailure('auth deny')
      note('saveImageToPhotosAlbum', asked)
    }),
    showModal: asyncApi(ground, 'showModal', (asked) => {
      const confirm = holder.confirms(note('showModal', asked).asked)
      return { confirm, cancel: !confirm, content: null }
    }),
    showActionSheet: asyncApi(ground, 'showActionSheet', (asked) => {
      note('showActionSheet', asked)
      const items = asked.itemList as string[] | undefined
      if (!Array.isArray(items) || items.length === 0 || items.length > 6) throw new WxFailure('parameter error')
      const tapIndex = holder.picks([...items])
      if (tapIndex === null) throw new WxFailure('cancel')
      return { tapIndex }
    }),
  }
}
