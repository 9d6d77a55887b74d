import type { PageStack } from './page-stack'
import { asyncApi, type Ground } from './wx-call'
import { wxNames } from './wx-names'

/** How the mini-program was opened; WeChat's scene 1001 is the list of recent ones. */
export interface Launch {
  path: string
  query: Record<string, string>
  scene: number
}

/** The wx calls that go from page to page, and a few that every program asks at its start. */
export function pagesApis(ground: Ground, stack: () => PageStack, launch: () => Launch): Record<string, unknown> {
  const { realm } = ground
  const way = (name: 'navigateTo' | 'redirectTo' | 'switchTab' | 'reLaunch') =>
    asyncApi(ground, name, ({ url }) => void stack().go(name, String(url)))
  const options = () => realm.value({ ...launch(), referrerInfo: {}, apiCategory: 'default' })
  const nothing = () => {}
  return {
    navigateTo: way('navigateTo'),
    redirectTo: way('redirectTo'),
    switchTab: way('switchTab'),
    reLaunch: way('reLaunch'),
    navigateBack: asyncApi(ground, 'navigateBack', ({ delta }) => stack().back(Number(delta ?? 1))),
    getLaunchOptionsSync: options,
    getEnterOptionsSync: options,
    canIUse: (what: unknown) => wxNames().all.has(String(what).split('.')[0] ?? '') || /^[a-z-]+$/.test(String(what)),
    nextTick: (callback: () => void) => void setTimeout(() => realm.guard('nextTick', callback), 0),
    env: realm.value({ USER_DATA_PATH: 'http://usr' }),
    getUpdateManager: () =>
      Object.assign(realm.value({}) as object, {
        onCheckForUpdate: nothing,
        onUpdateReady: nothing,
        onUpdateFailed: nothing,
        applyUpdate: nothing,
      }),
    createIntersectionObserver: () => {
      const observer = realm.value({}) as Record<string, unknown>
      const same = () => observer
      return Object.assign(observer, {
        relativeTo: same,
        relativeToViewport: same,
        observe: nothing,
        disconnect: nothing,
      })
    },
  }
}
