import { z } from 'zod'
import type { Caller } from './call'
import { callWithToken, type TokenSource, type WechatApp } from './token'
import { WechatError } from './wechat-error'

/** 0 (no risk seen) to 4 (high). No rank without a visit to the mini-program in the last two hours: itself a sign of a bot. */
export type RiskRank = { rank: number } | { rank: null; reason: 'no_recent_visit' }

/** What is being judged. `clientIp` is the person's address; `phone` with country code. */
export interface RiskQuestion {
  openid: string
  scene: 'join' | 'marketing' | 'content'
  clientIp: string
  phone?: string
}

const SCENE = { join: 0, marketing: 1, content: 2 }
const NO_RECENT_VISIT = 61010

const riskAnswer = z.object({ risk_rank: z.number().int().min(0).max(4) })

/** WeChat's view of a mini-program person, POST /wxa/getuserriskrank. Never shown to the person. */
export async function riskRank(
  caller: Caller,
  { app, source }: { app: WechatApp; source: TokenSource },
  question: RiskQuestion,
): Promise<RiskRank> {
  const { openid, scene, clientIp, phone } = question
  try {
    const got = await callWithToken(caller, source, {
      endpoint: '/wxa/getuserriskrank',
      method: 'POST',
      body: {
        appid: app.appid,
        openid,
        scene: SCENE[scene],
        client_ip: clientIp,
        ...(phone ? { mobile_no: phone.replace(/^\+(86)?/, '') } : {}),
      },
      effect: 'none',
      secrets: phone ? [phone, phone.replace(/^\+(86)?/, '')] : [],
      answer: riskAnswer,
    })
    return { rank: got.risk_rank }
  } catch (error) {
    if (error instanceof WechatError && error.errcode === NO_RECENT_VISIT)
      return { rank: null, reason: 'no_recent_visit' }
    throw error
  }
}
