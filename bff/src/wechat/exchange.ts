import { redact } from './redact'
import { WechatError, type WechatTrouble } from './wechat-error'

/** A logger such as pino's: the detail first, then the words. */
export interface WechatLog {
  debug(detail: object, words: string): void
  warn(detail: object, words: string): void
}

/** The part of `fetch` that the room needs; tests bring their own. */
export type WechatFetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * What a second sending of the same request would do: `none` changes nothing; `uses_code` would find a single-use
 * code gone; `sends` would reach a person twice.
 */
export type Effect = 'none' | 'uses_code' | 'sends'

/** One request. `secrets` are the values in it that must never be written down. */
export interface WechatRequest {
  endpoint: string
  method: 'GET' | 'POST'
  query: Record<string, string>
  body?: object
  effect: Effect
  secrets: readonly string[]
}

/** WeChat answers JSON, or on a few paths the bytes of a picture. */
export type Answer = { kind: 'json'; value: unknown } | { kind: 'binary'; bytes: Uint8Array; contentType: string }

export interface Line {
  apiBase: string
  fetch: WechatFetch
  log: WechatLog
  timeoutMs: number
}

const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024

/** Failures before a connection existed: the request surely never arrived. */
const NEVER_ARRIVED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Sends one request and reads its answer, without looking at errcode. Faults: WechatError, whose outcome is
 * `unknown` when the request has an effect and may have arrived. Neither the log nor the error holds the query.
 */
export async function exchange(line: Line, request: WechatRequest): Promise<Answer> {
  const startedAt = performance.now()
  const url = `${line.apiBase}${request.endpoint}?${new URLSearchParams(request.query)}`
  const init: RequestInit = {
    method: request.method,
    // A redirect would carry token and secret to another host.
    redirect: 'error',
    signal: AbortSignal.timeout(line.timeoutMs),
    ...(request.method === 'POST'
      ? { body: JSON.stringify(request.body ?? {}), headers: { 'content-type': 'application/json; charset=utf-8' } }
      : {}),
  }
  try {
    const response = await line.fetch(url, init)
    const bytes = await readBody(response)
    if (response.status >= 500) throw troubled(request, 'http', '', response.status)
    const answer = readAnswer(bytes, response.headers.get('content-type') ?? '')
    if (!answer) throw troubled(request, response.ok ? 'garbage' : 'http', 'no JSON', response.status)
    line.log.debug({ endpoint: request.endpoint, ms: Math.round(performance.now() - startedAt) }, 'wechat answered')
    return answer
  } catch (error) {
    const known = error instanceof WechatError ? error : troubled(request, troubleOf(error), causeCode(error))
    const { endpoint, trouble, outcome } = known
    const ms = Math.round(performance.now() - startedAt)
    line.log.warn({ endpoint, trouble, outcome, ms, errmsg: known.errmsg }, 'wechat gave no answer')
    throw known
  }
}

/**
 * The bytes as JSON when they look like it, whatever the content type says (code2session answers text/plain); as a
 * picture when the type says so; else null.
 */
export function readAnswer(bytes: Uint8Array, contentType: string): Answer | null {
  const text = bytes[0] === 0x7b || bytes[0] === 0x5b ? new TextDecoder().decode(bytes) : null
  if (text !== null) {
    try {
      return { kind: 'json', value: JSON.parse(text) as unknown }
    } catch {
      return null
    }
  }
  return contentType.startsWith('image/') && bytes.length > 0 ? { kind: 'binary', bytes, contentType } : null
}

/** A request that got no usable answer, as an error. */
export function troubled(
  request: WechatRequest,
  trouble: WechatTrouble,
  words: string,
  httpStatus?: number,
): WechatError {
  const arrived = trouble !== 'unreachable'
  return new WechatError({
    endpoint: request.endpoint,
    trouble,
    errmsg: redact(words, request.secrets),
    outcome: arrived && request.effect !== 'none' ? 'unknown' : 'refused',
    retryable: !arrived || request.effect === 'none',
    secrets: request.secrets,
    ...(httpStatus === undefined ? {} : { httpStatus }),
  })
}

async function readBody(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > ANSWER_LIMIT_BYTES) throw new RangeError('answer too long')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function troubleOf(error: unknown): WechatTrouble {
  if (error instanceof RangeError) return 'garbage'
  const name = (error as { name?: unknown } | null)?.name
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
  return NEVER_ARRIVED.has(causeCode(error)) ? 'unreachable' : 'cut'
}

/** Node's short code only: the messages of fetch may hold the address with its query. */
function causeCode(error: unknown): string {
  const code = (error as { cause?: { code?: unknown } } | null)?.cause?.code
  return typeof code === 'string' ? code : ''
}
