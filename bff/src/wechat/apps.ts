import type { WechatApp } from './token'

export type AppKind = 'weapp' | 'oa'

/** One app of the brand by its public name. */
export interface AppName {
  kind: AppKind
  appid: string
  /** The open-platform account that gives its unionids; '' is the brand's own. Two accounts' unionids say nothing of each other. */
  platform: string
}

/** An app beside the main mini-program and official account. `push` is its own console's, where it differs. */
export interface MoreApp extends AppName, WechatApp {
  push?: { token: string; aesKey?: string }
}

const AES_KEY_CHARS = 43

/**
 * Reads `kind:appid:secret[:pushToken[:pushAesKey[:platform]]]`, several separated by commas; what is left empty is the main
 * apps'. Gives the apps, or in English what is wrong, without repeating a secret.
 */
export function readApps(text: string): MoreApp[] | { problem: string } {
  const apps: MoreApp[] = []
  for (const [at, one] of text.split(',').entries()) {
    if (one.trim() === '') continue
    const [kind, appid, secret, token, aesKey, platform = '', ...rest] = one.trim().split(':')
    const problem = (words: string) => ({ problem: `entry ${at + 1} ${words}` })
    if (kind !== 'weapp' && kind !== 'oa') return problem('must begin with weapp: or oa:')
    if (!appid || !secret || rest.length > 0) return problem('must be kind:appid:secret')
    if (aesKey && (!token || aesKey.length !== AES_KEY_CHARS))
      return problem(`needs a push token and an AES key of ${AES_KEY_CHARS} characters`)
    if (apps.some((other) => other.appid === appid)) return problem('names an app twice')
    const push = token ? { push: { token, ...(aesKey ? { aesKey } : {}) } } : {}
    apps.push({ kind, appid, secret, platform, ...push })
  }
  return apps
}

/** What names the brand's apps in a request. */
export interface AppBook {
  weappId: string
  oaAppId: string
  wechat: { moreApps: readonly AppName[] }
}

/** Every app of the brand, the main ones first. */
export const appsOf = ({ weappId, oaAppId, wechat }: AppBook): AppName[] => [
  { kind: 'weapp', appid: weappId, platform: '' },
  { kind: 'oa', appid: oaAppId, platform: '' },
  ...wechat.moreApps,
]

/** The app of this kind that a phone names; the main one when it names none; null when it is not the brand's. */
export function findApp(book: AppBook, kind: AppKind, appid?: string): AppName | null {
  const main = kind === 'weapp' ? book.weappId : book.oaAppId
  if (appid === undefined || appid === main) return { kind, appid: main, platform: '' }
  return book.wechat.moreApps.find((app) => app.kind === kind && app.appid === appid) ?? null
}
