import type { Caller } from './call'
import type { WechatFetch, WechatLog } from './exchange'
import { authorizeUrl, codeToSession, type OauthPerson, oauthAccess, type WechatSession } from './login'
import { phoneNumber, type WechatPhone } from './phone'
import { type RiskQuestion, type RiskRank, riskRank } from './risk'
import { type SendOutcome, type SubscribeMessage, sendSubscribeMessage } from './subscribe'
import { tokenSource, type WechatApp } from './token'
import type { TokenStore } from './token-store'
import { type WxaCode, type WxaCodeWish, wxaCodeUnlimited } from './wxacode'

/** What the room needs; it reads no environment of its own. Bases are origins, e.g. https://api.weixin.qq.com. */
export interface WechatSetup {
  apiBase: string
  oauthBase: string
  apps: { weapp: WechatApp; oa: WechatApp }
  tokenStore: TokenStore
  log: WechatLog
  fetch?: WechatFetch
  now?: () => Date
  /** For one exchange, body included. */
  timeoutMs?: number
  backoffMs?: number
}

/** WeChat's servers as the rest of the house sees them. Every method but the last two throws WechatError. */
export interface Wechat {
  readonly weappId: string
  readonly oaId: string
  codeToSession(code: string): Promise<WechatSession>
  oauthAccess(code: string): Promise<OauthPerson>
  phoneNumber(code: string, openid?: string): Promise<WechatPhone>
  riskRank(question: RiskQuestion): Promise<RiskRank>
  wxaCodeUnlimited(wish: WxaCodeWish): Promise<WxaCode>
  sendSubscribeMessage(message: SubscribeMessage): Promise<SendOutcome>
  authorizeUrl(wish: { redirectUri: string; state: string; scope?: 'snsapi_base' | 'snsapi_userinfo' }): string
}

/** Opens the room to one mini-program and one official account. Makes no call by itself. */
export function createWechat(setup: WechatSetup): Wechat {
  const { weapp, oa } = setup.apps
  const oauthBase = origin(setup.oauthBase)
  const caller: Caller = {
    apiBase: origin(setup.apiBase),
    fetch: setup.fetch ?? fetch,
    log: setup.log,
    timeoutMs: setup.timeoutMs ?? 8000,
    backoffMs: setup.backoffMs ?? 300,
  }
  const source = tokenSource(caller, weapp, setup.tokenStore, setup.now ?? (() => new Date()))
  return {
    weappId: weapp.appid,
    oaId: oa.appid,
    codeToSession: (code) => codeToSession(caller, weapp, code),
    oauthAccess: (code) => oauthAccess(caller, oa, code),
    phoneNumber: (code, openid) => phoneNumber(caller, source, weapp, code, openid),
    riskRank: (question) => riskRank(caller, source, weapp, question),
    wxaCodeUnlimited: (wish) => wxaCodeUnlimited(caller, source, wish),
    sendSubscribeMessage: (message) => sendSubscribeMessage(caller, source, message),
    authorizeUrl: (wish) => authorizeUrl(oauthBase, oa.appid, wish),
  }
}

function origin(base: string): string {
  return base.replace(/\/+$/, '')
}
