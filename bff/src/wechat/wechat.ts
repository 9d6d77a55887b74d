import type { AppKind, AppName, MoreApp } from './apps'
import type { Caller } from './call'
import type { WechatFetch, WechatLog } from './exchange'
import { authorizeUrl, codeToSession, type OauthPerson, oauthAccess, type WechatSession } from './login'
import { phoneNumber, type WechatPhone } from './phone'
import { type RiskQuestion, type RiskRank, riskRank } from './risk'
import {
  type ContentVerdict,
  type MediaQuestion,
  mediaCheck,
  type NoRecentVisit,
  securityText,
  type TextQuestion,
} from './security'
import { type SendOutcome, type SubscribeMessage, sendSubscribeMessage } from './subscribe'
import { type TokenSource, tokenSource, type WechatApp } from './token'
import type { TokenStore } from './token-store'
import { type UrlLinkWish, urlLink } from './url-link'
import { type WxaCode, type WxaCodeWish, wxaCodeUnlimited } from './wxacode'

/** What the room needs; it reads no environment of its own. Bases are origins, e.g. https://api.weixin.qq.com. */
export interface WechatSetup {
  apiBase: string
  oauthBase: string
  apps: { weapp: WechatApp; oa: WechatApp; more?: readonly MoreApp[] }
  tokenStore: TokenStore
  log: WechatLog
  fetch?: WechatFetch
  now?: () => Date
  /** For one exchange, body included. */
  timeoutMs?: number
  backoffMs?: number
}

/**
 * WeChat's servers as the rest of the house sees them. Every method but the last two throws WechatError. `appid` says
 * which app asks, with its own secret and token; left out it is the main one of its kind. One that is not set up throws.
 */
export interface Wechat {
  readonly weappId: string
  readonly oaId: string
  /** The apps beside the main two; no secrets. */
  readonly moreApps: readonly AppName[]
  codeToSession(code: string, appid?: string): Promise<WechatSession>
  oauthAccess(code: string, appid?: string): Promise<OauthPerson>
  phoneNumber(code: string, openid?: string, appid?: string): Promise<WechatPhone>
  riskRank(question: RiskQuestion & { appid?: string }): Promise<RiskRank>
  wxaCodeUnlimited(wish: WxaCodeWish): Promise<WxaCode>
  sendSubscribeMessage(message: SubscribeMessage & { appid?: string }): Promise<SendOutcome>
  securityText(question: TextQuestion & { appid?: string }): Promise<ContentVerdict | NoRecentVisit>
  mediaCheck(question: MediaQuestion & { appid?: string }): Promise<{ traceId: string } | NoRecentVisit>
  urlLink(wish: UrlLinkWish & { appid?: string }): Promise<{ url: string }>
  authorizeUrl(wish: AuthorizeWish & { appid?: string }): string
}

interface AuthorizeWish {
  redirectUri: string
  state: string
  scope?: 'snsapi_base' | 'snsapi_userinfo'
}

/** Opens the room to the brand's mini-programs and official accounts. Makes no call by itself. */
export function createWechat(setup: WechatSetup): Wechat {
  const { weapp, oa, more = [] } = setup.apps
  const oauthBase = origin(setup.oauthBase)
  const caller: Caller = {
    apiBase: origin(setup.apiBase),
    fetch: setup.fetch ?? fetch,
    log: setup.log,
    timeoutMs: setup.timeoutMs ?? 8000,
    backoffMs: setup.backoffMs ?? 300,
  }
  const appOf = (kind: AppKind, appid?: string): WechatApp => {
    const all = [{ kind: 'weapp', ...weapp }, { kind: 'oa', ...oa }, ...more]
    const app = all.find((one) => one.kind === kind && (!appid || one.appid === appid))
    return app ?? noApp(kind, appid)
  }
  const sources = new Map<string, TokenSource>()
  const asker = (appid?: string): { app: WechatApp; source: TokenSource } => {
    const app = appOf('weapp', appid)
    const source = sources.get(app.appid) ?? tokenSource(caller, app, setup.tokenStore, setup.now ?? (() => new Date()))
    sources.set(app.appid, source)
    return { app, source }
  }
  return {
    weappId: weapp.appid,
    oaId: oa.appid,
    moreApps: more.map(({ kind, appid, platform }) => ({ kind, appid, platform })),
    codeToSession: async (code, appid) => codeToSession(caller, appOf('weapp', appid), code),
    oauthAccess: async (code, appid) => oauthAccess(caller, appOf('oa', appid), code),
    phoneNumber: async (code, openid, appid) => phoneNumber(caller, asker(appid), code, openid),
    riskRank: async (question) => riskRank(caller, asker(question.appid), question),
    wxaCodeUnlimited: (wish) => wxaCodeUnlimited(caller, asker().source, wish),
    sendSubscribeMessage: async (message) => sendSubscribeMessage(caller, asker(message.appid).source, message),
    securityText: async (question) => securityText(caller, asker(question.appid).source, question),
    mediaCheck: async (question) => mediaCheck(caller, asker(question.appid).source, question),
    urlLink: async (wish) => urlLink(caller, asker(wish.appid).source, wish),
    authorizeUrl: (wish) => authorizeUrl(oauthBase, appOf('oa', wish.appid).appid, wish),
  }
}

function noApp(kind: AppKind, appid = ''): never {
  throw new Error(`no ${kind} ${appid} is set up`)
}

function origin(base: string): string {
  return base.replace(/\/+$/, '')
}
