import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { exchange, type Line, troubled, type WechatRequest } from './exchange'
import { WechatError } from './wechat-error'

/** A JSON request and the answer it must get. Unknown fields are tolerated, missing ones are not. */
export interface Call<T> extends WechatRequest {
  answer: z.ZodType<T>
}

export interface Caller extends Line {
  /** How long to wait before the one second try after "system error". */
  backoffMs: number
}

const envelope = z.object({
  errcode: z.coerce.number().optional(),
  errmsg: z.string().catch('').optional(),
})

const SYSTEM_ERROR = -1
const TRANSIENT = new Set([SYSTEM_ERROR, 43108, 45011])

/**
 * Sends a JSON call and returns its validated answer. HTTP 200 with an errcode is a refusal. "System error" (-1) is
 * tried once more when a second sending changes nothing. Faults: WechatError.
 */
export const callJson = <T>(caller: Caller, call: Call<T>): Promise<T> =>
  twiceWhenSystemError(caller, call, () => jsonOnce(caller, call))

/** Sends a call whose answer is a picture, and gives its bytes; JSON in its place is a refusal. Faults: WechatError. */
export const callPicture = (caller: Caller, call: WechatRequest): Promise<Uint8Array> =>
  twiceWhenSystemError(caller, call, async () => {
    const answer = await exchange(caller, call)
    if (answer.kind === 'binary') return answer.bytes
    passOrThrow(caller, call, answer.value)
    throw garbage(caller, call, 'JSON where a picture was due')
  })

async function twiceWhenSystemError<T>(caller: Caller, call: WechatRequest, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const again = error instanceof WechatError && error.errcode === SYSTEM_ERROR && call.effect === 'none'
    if (!again) throw error
    await pause(caller.backoffMs)
    return send()
  }
}

/** @throws WechatError when the envelope carries WeChat's no */
function passOrThrow(caller: Caller, call: WechatRequest, value: unknown): void {
  const said = envelope.safeParse(value)
  if (!said.success) throw garbage(caller, call, 'JSON of another shape')
  const { errcode, errmsg } = said.data
  // Login and token calls carry no errcode when they succeed.
  if (errcode) throw refused(caller, call, errcode, errmsg ?? '')
}

async function jsonOnce<T>(caller: Caller, call: Call<T>): Promise<T> {
  const answer = await exchange(caller, call)
  if (answer.kind === 'binary') throw garbage(caller, call, 'a picture where JSON was due')
  passOrThrow(caller, call, answer.value)
  const value = call.answer.safeParse(answer.value)
  if (!value.success) {
    // The paths only: the values may be an openid, a key or a phone.
    const paths = value.error.issues.map((issue) => issue.path.join('.')).join(' ')
    throw garbage(caller, call, `unexpected ${paths}`)
  }
  return value.data
}

function refused(caller: Caller, call: WechatRequest, errcode: number, errmsg: string): WechatError {
  // "System error" does not say on which side of the effect it struck.
  const unsure = errcode === SYSTEM_ERROR && call.effect !== 'none'
  const error = new WechatError({
    endpoint: call.endpoint,
    trouble: 'errcode',
    errcode,
    errmsg,
    outcome: unsure ? 'unknown' : 'refused',
    retryable: TRANSIENT.has(errcode) && !unsure,
    secrets: call.secrets,
  })
  caller.log.warn({ endpoint: call.endpoint, errcode, rid: error.rid, errmsg: error.errmsg }, 'wechat refused')
  return error
}

function garbage(caller: Caller, call: WechatRequest, words: string): WechatError {
  caller.log.warn({ endpoint: call.endpoint, trouble: 'garbage', words }, 'wechat answered nonsense')
  return troubled(call, 'garbage', words)
}
