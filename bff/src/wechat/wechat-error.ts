import { redact } from './redact'

/** What went wrong on the way: WeChat said no, or gave no usable answer at all. */
export type WechatTrouble = 'errcode' | 'http' | 'garbage' | 'timeout' | 'cut' | 'unreachable'

/** What a caller needs to know to choose its words. `setup` is ours to fix (keys, quota, allow-list), never the person's. */
export type WechatMeaning = 'code_bad' | 'person_blocked' | 'busy' | 'away' | 'setup' | 'other'

/** `refused`: it surely had no effect. `unknown`: it may have happened (a used code, a sent message). */
export type WechatEffect = 'refused' | 'unknown'

interface WechatErrorParts {
  endpoint: string
  trouble: WechatTrouble
  errcode?: number
  errmsg?: string
  httpStatus?: number
  outcome: WechatEffect
  /** True when sending the very same request again is harmless and may work. */
  retryable: boolean
  /** Values of this call that must not appear in any text. */
  secrets?: readonly string[]
}

const RID = /rid:\s*([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})/i

/**
 * A call to WeChat that gave no usable answer. `errcode` is null when WeChat said nothing; `rid` is the number
 * that WeChat's support asks for. Its text never holds a token, a secret, a code, a session key or a phone.
 */
export class WechatError extends Error {
  readonly endpoint: string
  readonly trouble: WechatTrouble
  readonly errcode: number | null
  readonly errmsg: string
  readonly rid: string | null
  readonly retryable: boolean
  readonly outcome: WechatEffect

  constructor(parts: WechatErrorParts) {
    const errmsg = redact(parts.errmsg ?? '', parts.secrets).slice(0, 300)
    const what = parts.errcode ?? parts.httpStatus ?? ''
    super(`WeChat ${parts.endpoint}: ${parts.trouble} ${what} ${errmsg}`.replace(/\s+/g, ' ').trim())
    this.name = 'WechatError'
    this.endpoint = parts.endpoint
    this.trouble = parts.trouble
    this.errcode = parts.errcode ?? null
    this.errmsg = errmsg
    this.rid = RID.exec(errmsg)?.[1] ?? null
    this.retryable = parts.retryable
    this.outcome = parts.outcome
  }

  /** WeChat's number in the few kinds that lead to different words for the person. */
  get meaning(): WechatMeaning {
    return wechatMeaning(this.errcode)
  }
}

const MEANING: Record<number, WechatMeaning> = {
  [-1]: 'away',
  40029: 'code_bad',
  // Seen for a used code, though not in WeChat's own table; a caller treats both alike.
  40163: 'code_bad',
  40226: 'person_blocked',
  43108: 'busy',
  45011: 'busy',
  40001: 'setup',
  40002: 'setup',
  40013: 'setup',
  40014: 'setup',
  40066: 'setup',
  40125: 'setup',
  40164: 'setup',
  40243: 'setup',
  41001: 'setup',
  41002: 'setup',
  41004: 'setup',
  42001: 'setup',
  45009: 'setup',
  48001: 'setup',
  48004: 'setup',
}

/** The kind of one of WeChat's numbers; null (no answer) is `away`. */
export function wechatMeaning(errcode: number | null): WechatMeaning {
  return errcode === null ? 'away' : (MEANING[errcode] ?? 'other')
}
