import { z } from 'zod'
import type { Caller } from './call'
import { callWithToken, type TokenSource } from './token'
import { WechatError } from './wechat-error'

/** One message to one person. `data` maps the template's keys (thing1, time2 …) to words; `page` may carry a query. */
export interface SubscribeMessage {
  openid: string
  templateId: string
  page: string
  data: Record<string, string>
  /** Which build the page opens in; WeChat's default is the released one. */
  state?: 'developer' | 'trial' | 'formal'
}

export type SendRefusal =
  | 'no_consent'
  | 'person_unknown'
  | 'template_unknown'
  | 'page_unknown'
  | 'data_invalid'
  | 'banned'
  | 'busy'
  | 'away'
  | 'setup'
  | 'other'

/**
 * What became of a message. `refused`: surely not sent, `retryable` says whether later may work. `unknown`: it may
 * have been sent; WeChat has no idempotency key, so it must not be sent again.
 */
export type SendOutcome =
  | { outcome: 'sent' }
  | { outcome: 'refused'; reason: SendRefusal; retryable: boolean; errcode: number | null; rid: string | null }
  | { outcome: 'unknown'; reason: string; errcode: number | null; rid: string | null }

const REASON: Record<number, SendRefusal> = {
  40003: 'person_unknown',
  40037: 'template_unknown',
  41030: 'page_unknown',
  43101: 'no_consent',
  43107: 'banned',
  45168: 'data_invalid',
  47001: 'data_invalid',
  47003: 'data_invalid',
}

/** Sends a subscribe message, POST /cgi-bin/message/subscribe/send. Uses up one consent; never throws for what WeChat says or does not say. */
export async function sendSubscribeMessage(
  caller: Caller,
  source: TokenSource,
  message: SubscribeMessage,
): Promise<SendOutcome> {
  const data = Object.fromEntries(Object.entries(message.data).map(([key, value]) => [key, { value }]))
  try {
    await callWithToken(caller, source, {
      endpoint: '/cgi-bin/message/subscribe/send',
      method: 'POST',
      body: {
        touser: message.openid,
        template_id: message.templateId,
        page: message.page,
        data,
        ...(message.state ? { miniprogram_state: message.state } : {}),
      },
      effect: 'sends',
      secrets: [message.openid, ...Object.values(message.data)],
      answer: z.object({ errcode: z.coerce.number() }),
    })
    return { outcome: 'sent' }
  } catch (error) {
    if (!(error instanceof WechatError)) throw error
    const { errcode, rid, retryable, trouble } = error
    if (error.outcome === 'unknown') return { outcome: 'unknown', reason: trouble, errcode, rid }
    return { outcome: 'refused', reason: refusalOf(error), retryable, errcode, rid }
  }
}

function refusalOf(error: WechatError): SendRefusal {
  if (error.errcode !== null && REASON[error.errcode]) return REASON[error.errcode] as SendRefusal
  const meaning = error.meaning
  return meaning === 'busy' || meaning === 'away' || meaning === 'setup' ? meaning : 'other'
}
