import { z } from 'zod'
import { type Caller, callJson } from './call'
import type { WechatApp } from './token'

/** Who signed in to the mini-program. `serverOnlySessionKey` signs for this person: never log it, never send it to a phone. */
export interface WechatSession {
  openid: string
  unionid?: string
  serverOnlySessionKey: string
}

/** Who came through the official account. A snapshot visitor is WeChat's made-up stand-in, not a person to keep. */
export interface OauthPerson {
  openid: string
  unionid?: string
  isSnapshot: boolean
}

const sessionAnswer = z.object({
  openid: z.string().min(1),
  session_key: z.string().min(1),
  unionid: z.string().optional(),
})

const oauthAnswer = z.object({
  openid: z.string().min(1),
  unionid: z.string().optional(),
  is_snapshotuser: z.number().optional(),
})

/** Exchanges wx.login's code (single use, 5 minutes), GET /sns/jscode2session. Never sent twice: the code would be gone. */
export async function codeToSession(caller: Caller, app: WechatApp, code: string): Promise<WechatSession> {
  const got = await callJson(caller, {
    endpoint: '/sns/jscode2session',
    method: 'GET',
    query: { appid: app.appid, secret: app.secret, js_code: code, grant_type: 'authorization_code' },
    effect: 'uses_code',
    secrets: [app.secret, code],
    answer: sessionAnswer,
  })
  return { openid: got.openid, ...unionOf(got.unionid), serverOnlySessionKey: got.session_key }
}

/** Exchanges the code of a web authorisation (single use, 5 minutes), GET /sns/oauth2/access_token. */
export async function oauthAccess(caller: Caller, app: WechatApp, code: string): Promise<OauthPerson> {
  const got = await callJson(caller, {
    endpoint: '/sns/oauth2/access_token',
    method: 'GET',
    query: { appid: app.appid, secret: app.secret, code, grant_type: 'authorization_code' },
    effect: 'uses_code',
    secrets: [app.secret, code],
    answer: oauthAnswer,
  })
  return { openid: got.openid, ...unionOf(got.unionid), isSnapshot: got.is_snapshotuser === 1 }
}

/** The page that asks the person, with parameters in the one order WeChat accepts. */
export function authorizeUrl(
  oauthBase: string,
  appid: string,
  wish: { redirectUri: string; state: string; scope?: 'snsapi_base' | 'snsapi_userinfo' },
): string {
  const to = encodeURIComponent(wish.redirectUri)
  // Only snsapi_userinfo gives the unionid, which joins this visit to the mini-program's.
  const scope = wish.scope ?? 'snsapi_userinfo'
  const state = encodeURIComponent(wish.state)
  return `${oauthBase}/connect/oauth2/authorize?appid=${appid}&redirect_uri=${to}&response_type=code&scope=${scope}&state=${state}#wechat_redirect`
}

function unionOf(unionid: string | undefined): { unionid?: string } {
  return unionid ? { unionid } : {}
}
