import { createWechat, type MoreApp, memoryTokenStore, type Wechat } from '../../bff/src/wechat'
import { DEMO_APPS, DEMO_PEOPLE, DEMO_TEMPLATES, demoApps, MORE_APPS } from './index'
import { createSandbox, type Sandbox } from './sandbox'

/** What a contract test talks to: the client, and the same far side by plain HTTP. */
export interface ContractRoom {
  wechat: Wechat
  /** Another client with a memory of its own, as a second process has. */
  another(timeoutMs?: number): Wechat
  lines: string[]
  get(path: string, query?: Record<string, string>): Promise<Answer>
  post(path: string, query: Record<string, string>, body: unknown): Promise<Answer>
  /** The stable token, by plain HTTP. */
  token(force?: boolean): Promise<Answer>
}

export interface Answer {
  status: number
  errcode: number | undefined
  errmsg: string
  body: Record<string, unknown>
}

export const TEMPLATE = DEMO_TEMPLATES.points_arrived.templateId
export const RID = /,? rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/

export interface Keys {
  weapp: { appid: string; secret: string }
  oa: { appid: string; secret: string }
  more?: readonly MoreApp[]
}

const KEYS: Keys = { ...DEMO_APPS, more: Object.values(MORE_APPS) }

/** A fresh demo sandbox, listening, whose mini-program has one released page. */
export async function openSandbox(): Promise<Sandbox> {
  const apps = demoApps(KEYS)
  if (apps[0]) apps[0].pages = ['tabs/home/index']
  const sandbox = createSandbox({ apps, people: DEMO_PEOPLE })
  await sandbox.listen()
  return sandbox
}

/** The client and plain HTTP against one base address. */
export function contractRoom(base: string, keys: Keys = KEYS): ContractRoom {
  const lines: string[] = []
  const write = (detail: object, words: string) => void lines.push(`${words} ${JSON.stringify(detail)}`)
  const another = (timeoutMs = 8000) =>
    createWechat({
      apiBase: base,
      oauthBase: base,
      apps: keys,
      tokenStore: memoryTokenStore(),
      log: { debug: write, warn: write },
      backoffMs: 5,
      timeoutMs,
    })
  const read = async (path: string, query: Record<string, string>, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${base}${path}?${new URLSearchParams(query)}`, init)
    const body = (await response.json()) as Record<string, unknown>
    return { status: response.status, errcode: body.errcode as number | undefined, errmsg: String(body.errmsg), body }
  }
  const post: ContractRoom['post'] = (path, query, body) =>
    read(path, query, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })
  return {
    wechat: another(),
    another,
    lines,
    get: (path, query = {}) => read(path, query, {}),
    post,
    token: (force = false) =>
      post('/cgi-bin/stable_token', {}, { grant_type: 'client_credential', ...keys.weapp, force_refresh: force }),
  }
}
