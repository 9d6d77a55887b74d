import { z } from 'zod'
import { type Call, type Caller, callJson, callPicture } from './call'
import type { WechatRequest } from './exchange'
import type { TokenStore } from './token-store'
import { WechatError } from './wechat-error'

/** A mini-program or official account: its id and its secret. */
export interface WechatApp {
  appid: string
  secret: string
}

interface Held {
  token: string
  expiresAt: Date
}

/** Gives the app's access token, and a new one in place of one that WeChat has refused. */
export interface TokenSource {
  token(): Promise<string>
  /** Null when no other token can be had now (forced renewal is limited by WeChat). */
  replacement(refusedToken: string): Promise<string | null>
}

// The platform renews five minutes before the end and keeps both for that time; we ask within it.
const MARGIN_MS = 120_000
const FORCE_GAP_MS = 30_000
const FORCE_PER_DAY = 20
const DAY_MS = 86_400_000

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })

/**
 * The stable access token of one app (POST /cgi-bin/stable_token): kept in the process, shared between processes
 * through the store, fetched by one caller at a time. A broken store costs quota, never a call.
 */
export function tokenSource(caller: Caller, app: WechatApp, store: TokenStore, now: () => Date): TokenSource {
  let held: Held | null = null
  let flight: Promise<Held> | null = null
  let renewal: { refused: string; answer: Promise<Held | null> } | null = null
  const forcedAt: number[] = []

  const fresh = (one: Held | null): one is Held => one !== null && one.expiresAt.getTime() - MARGIN_MS > now().getTime()

  async function fetchToken(force: boolean): Promise<Held> {
    const got = await callJson(caller, stableToken(app, force))
    held = { token: got.access_token, expiresAt: new Date(now().getTime() + got.expires_in * 1000) }
    await store.write(app.appid, held.token, held.expiresAt).catch(() => storeAway(caller, 'write'))
    return held
  }

  async function readOrFetch(): Promise<Held> {
    const shared = await store.read(app.appid).catch(() => storeAway(caller, 'read'))
    if (fresh(shared)) {
      held = shared
      return shared
    }
    return fetchToken(false)
  }

  function mayForce(): boolean {
    const at = now().getTime()
    while (forcedAt[0] !== undefined && forcedAt[0] <= at - DAY_MS) forcedAt.shift()
    const last = forcedAt.at(-1)
    return forcedAt.length < FORCE_PER_DAY && (last === undefined || at - last >= FORCE_GAP_MS)
  }

  async function renew(refused: string): Promise<Held | null> {
    const got = await fetchToken(false)
    if (got.token !== refused) return got
    if (!mayForce()) return null
    forcedAt.push(now().getTime())
    const forced = await fetchToken(true)
    return forced.token === refused ? null : forced
  }

  return {
    async token() {
      if (fresh(held)) return held.token
      flight ??= readOrFetch().finally(() => {
        flight = null
      })
      return (await flight).token
    },
    async replacement(refused) {
      if (fresh(held) && held.token !== refused) return held.token
      if (renewal?.refused !== refused) {
        const answer = renew(refused).finally(() => {
          if (renewal?.answer === answer) renewal = null
        })
        renewal = { refused, answer }
      }
      return (await renewal.answer)?.token ?? null
    },
  }
}

const TOKEN_REFUSED = new Set([40001, 40014, 42001])

/**
 * Sends a call that needs the access token; when WeChat refuses the token, once more with another one. That is safe
 * for calls with an effect too: a refused token is refused before anything else.
 */
export const callWithToken = <T>(caller: Caller, source: TokenSource, call: Omit<Call<T>, 'query'>): Promise<T> =>
  withToken(source, (token) => callJson(caller, { ...call, ...carrying(call, token) }))

/** The same for a call that answers with the bytes of a picture. */
export const callForPicture = (
  caller: Caller,
  source: TokenSource,
  call: Omit<WechatRequest, 'query'>,
): Promise<Uint8Array> => withToken(source, (token) => callPicture(caller, { ...call, ...carrying(call, token) }))

const carrying = ({ secrets }: { secrets: readonly string[] }, token: string) => ({
  query: { access_token: token },
  secrets: [...secrets, token],
})

async function withToken<T>(source: TokenSource, send: (token: string) => Promise<T>): Promise<T> {
  const token = await source.token()
  try {
    return await send(token)
  } catch (error) {
    if (!(error instanceof WechatError) || error.errcode === null || !TOKEN_REFUSED.has(error.errcode)) throw error
    const other = await source.replacement(token)
    if (other === null) throw error
    return send(other)
  }
}

function stableToken(app: WechatApp, force: boolean): Call<z.infer<typeof tokenAnswer>> {
  return {
    endpoint: '/cgi-bin/stable_token',
    method: 'POST',
    query: {},
    body: { grant_type: 'client_credential', appid: app.appid, secret: app.secret, force_refresh: force },
    effect: 'none',
    secrets: [app.secret],
    answer: tokenAnswer,
  }
}

function storeAway(caller: Caller, verb: 'read' | 'write'): null {
  caller.log.warn({ verb }, 'wechat token store gave no answer')
  return null
}
