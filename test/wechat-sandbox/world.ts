import { randomBytes } from 'node:crypto'
import type { Clock } from './clock'
import type { FaultList } from './fault'
import { openidOf, unionidFor, unionidOf } from './identity'

/** A template as the console shows it; `keys` are those that `data` must carry. */
export interface Template {
  templateId: string
  title: string
  keys: string[]
}

/** Where an app's pushes go, and how they are sealed. */
export interface PushTarget {
  url: string
  token: string
  aesKey?: string
}

/** A registered app. What is left out is not checked: `templates` (any), `pages` (any), `hosts` of OAuth, `allowIps`. */
export interface SandboxApp {
  appid: string
  secret: string
  kind: 'weapp' | 'oa'
  name: string
  templates?: Template[]
  pages?: string[]
  hosts?: string[]
  allowIps?: string[]
  push?: PushTarget
  /** The open-platform account that it is bound to; null: to none, so it learns no unionid. Left out: the brand's own, ''. */
  platform?: string | null
  /** Where the pages of a mini-program stand in a browser, for whoever scans its code without WeChat. */
  webUrl?: string
}

/** A WeChat person to be made. No `unionid` given: one derived from the key; null: none in any app. */
export interface NewPerson {
  key: string
  name: string
  phone?: string | null
  unionid?: string | null
  riskRank?: number
  note?: string
}

export interface Person {
  key: string
  name: string
  phone: string | null
  unionid: string | null
  riskRank: number
  note: string
  blocked: boolean
  /** By appid. */
  openids: Record<string, string>
  /** Last visit with the real client, by appid, epoch ms. */
  visitedAt: Record<string, number>
}

export type CodeKind = 'login' | 'phone' | 'oauth'

export interface Code {
  kind: CodeKind
  appid: string
  personKey: string
  expiresAt: number
  used: boolean
  scope?: string
}

export interface SentMessage {
  at: string
  appid: string
  openid: string
  person: string
  templateId: string
  page: string
  data: Record<string, string>
}

export interface Sms {
  at: string
  phone: string
  text: string
}

export interface Token {
  text: string
  expiresAt: number
  /** Usable until its own end, or for five minutes after its successor came; 0 when killed by force. */
  usableUntil: number
}

/** The two kinds of one app's tokens; they do not invalidate each other. Newest first. */
export interface AppTokens {
  classic: Token[]
  stable: Token[]
  forcedAt: number[]
}

/** One call that arrived, for tests that count. `errcode` is 0 for success, null when a fault took the answer. */
export interface CallSeen {
  path: string
  errcode: number | null
}

/** A picture that somebody asked to be looked at. */
export interface MediaCheck {
  traceId: string
  appid: string
  openid: string
  url: string
  /** Whether the word on it was pushed and taken. */
  pushed: boolean
}

/** Where a link from outside WeChat leads. */
export interface UrlLink {
  appid: string
  path: string
  query: string
  /** Epoch ms. */
  expiresAt: number
}

/** All that the sandbox knows. Nothing of it outlives the process. */
export interface World {
  clock: Clock
  apps: Map<string, SandboxApp>
  people: Map<string, Person>
  codes: Map<string, Code>
  sessionKeys: Map<string, string>
  tokens: Map<string, AppTokens>
  /** Consents left, by `openid template`. */
  consents: Map<string, number>
  sending: Set<string>
  sent: SentMessage[]
  sms: Sms[]
  media: MediaCheck[]
  /** By ticket. */
  links: Map<string, UrlLink>
  calls: CallSeen[]
  faults: FaultList
}

export const CODE_TTL_MS = 5 * 60_000
const KEPT = 1000

/** Adds a person with an openid in every app. A known key is replaced. */
export function addPerson(world: World, given: NewPerson): Person {
  const openids = Object.fromEntries([...world.apps.keys()].map((appid) => [appid, openidOf(appid, given.key)]))
  const person: Person = {
    key: given.key,
    name: given.name,
    phone: given.phone ?? null,
    unionid: given.unionid === undefined ? unionidOf(given.key) : given.unionid,
    riskRank: given.riskRank ?? 0,
    note: given.note ?? '',
    blocked: false,
    openids,
    visitedAt: {},
  }
  world.people.set(given.key, person)
  return person
}

/** The person with this key. Throws for a stranger. */
export function getPerson(world: World, key: string): Person {
  const person = world.people.get(key)
  if (!person) throw new Error(`no person ${key}`)
  return person
}

/** The person behind an openid of this app, or null. */
export function findPersonByOpenid(world: World, appid: string, openid: string): Person | null {
  for (const person of world.people.values()) if (person.openids[appid] === openid) return person
  return null
}

/** The unionid that this app learns of the person, or null while the app is bound to no open-platform account. */
export function unionidSeen(app: SandboxApp, person: Person): string | null {
  const { platform = '' } = app
  if (platform === null || person.unionid === null) return null
  return platform === '' ? person.unionid : unionidFor(platform, person.key)
}

/** A code as the client would receive it: single use, five minutes. */
export function issueCode(world: World, code: Omit<Code, 'expiresAt' | 'used'>): string {
  const text = `0${randomBytes(24).toString('base64url').replace(/[-_]/g, 'x')}`
  world.codes.set(text, { ...code, expiresAt: world.clock.now() + CODE_TTL_MS, used: false })
  forgetOldest(world.codes)
  return text
}

/** Keeps a list from growing without end. */
export function keep<T>(list: T[], item: T): void {
  list.push(item)
  if (list.length > KEPT) list.shift()
}

function forgetOldest(codes: Map<string, Code>): void {
  if (codes.size <= 100 * KEPT) return
  const oldest = codes.keys().next().value
  if (oldest !== undefined) codes.delete(oldest)
}
