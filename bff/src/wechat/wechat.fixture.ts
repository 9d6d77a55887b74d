import type { WechatFetch, WechatLog } from './exchange'
import { memoryTokenStore, type TokenStore } from './token-store'
import { createWechat, type Wechat } from './wechat'

/** One request as it left the room. */
export interface Sent {
  path: string
  query: Record<string, string>
  body: Record<string, unknown>
  method: string
}

type Reply = object | string | ((asked: Sent) => Response | Promise<Response>)

export const WEAPP = { appid: 'wx00000000000000aa', secret: 'weapp-secret-0123456789abcdef' }
export const OA = { appid: 'wx00000000000000bb', secret: 'oa-secret-0123456789abcdef' }

/** A room whose far side is a script: replies by path in order, the last one for ever. */
export function scriptedRoom(
  replies: Record<string, Reply[]>,
  more: { tokenStore?: TokenStore; now?: () => Date; timeoutMs?: number } = {},
) {
  const sent: Sent[] = []
  const lines: string[] = []
  const write = (detail: object, words: string) => {
    lines.push(`${words} ${JSON.stringify(detail)}`)
  }
  const log: WechatLog = { debug: write, warn: write }
  const fetch: WechatFetch = async (address, init) => {
    const url = new URL(address)
    const one: Sent = {
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: typeof init.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {},
      method: init.method ?? 'GET',
    }
    sent.push(one)
    const script = replies[url.pathname] ?? []
    const reply = script.length > 1 ? script.shift() : script[0]
    await new Promise((done) => setTimeout(done, 5))
    if (typeof reply === 'function') return reply(one)
    return new Response(typeof reply === 'string' ? reply : JSON.stringify(reply ?? {}))
  }
  const wechat: Wechat = createWechat({
    apiBase: 'https://wechat.test',
    oauthBase: 'https://open.wechat.test/',
    apps: { weapp: WEAPP, oa: OA },
    tokenStore: more.tokenStore ?? memoryTokenStore(),
    fetch,
    log,
    backoffMs: 1,
    ...(more.now ? { now: more.now } : {}),
    ...(more.timeoutMs ? { timeoutMs: more.timeoutMs } : {}),
  })
  return { wechat, sent, lines, count: (path: string) => sent.filter((one) => one.path === path).length }
}

/** What fetch throws when the way is cut, with Node's code. */
export function cut(code: string): () => never {
  return () => {
    throw Object.assign(new TypeError('fetch failed'), { cause: { code } })
  }
}

/** The error a promise was refused with. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('it should have failed')
}
