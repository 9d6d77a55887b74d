import { DAY_MS } from '@huiyuan/shared/time'
import Taro from '@tarojs/taro'
import { serverTimeOf } from './arrival-clock'
import { platform } from './device'
import { keep, kept } from './storage'

interface Arrival {
  channel: string
  link?: string
  /** When it was opened, in epoch ms by the server's clock; the server judges whether that is too long ago. */
  openedAt?: number
  article?: string
  storeId?: string
  scene?: number
}

export interface Launch {
  query?: Record<string, unknown>
  scene?: unknown
}

/** A friend's link that was opened on this phone. */
export interface OpenedLink {
  code: string
  /** When it was opened, in epoch ms. */
  at: number
}

const NAME = 'link'
/** The longest window that a campaign can have. */
const KEPT_MS = 30 * DAY_MS

/** What the address carries, and beside it what WeChat packs into `scene` when a code was scanned. */
function carried(query: Record<string, unknown>): Record<string, unknown> {
  if (typeof query.scene !== 'string') return query
  const packed: Record<string, unknown> = {}
  for (const pair of decoded(query.scene).split('&')) {
    const [name, value = ''] = pair.split('=')
    if (name) packed[name] = value
  }
  return { ...packed, ...query }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

const matching = (value: unknown, shape: RegExp) => (typeof value === 'string' && shape.test(value) ? value : undefined)

/** The share code that an address leads in with, if it is one. */
export const linkOf = (query: Record<string, unknown> = {}): string | undefined =>
  matching(carried(query).l, /^[0-9A-Za-z]{1,10}$/)

/** Where somebody comes from, as the address or WeChat says. */
export function originOf({ query = {}, scene }: Launch): Omit<Arrival, 'link'> {
  const storeId = matching(carried(query).s, /^[a-z0-9-]{1,32}$/)
  return {
    channel: storeId ? 'store' : platform,
    ...(storeId ? { storeId } : {}),
    ...(typeof scene === 'number' ? { scene } : {}),
  }
}

/**
 * The link that counts after an arrival: the last one opened. `anew` tells an opening from a mere return to the app,
 * for which WeChat repeats the old address; that must not make the days start over.
 */
export function linkAfter(before: OpenedLink | null, code: string | undefined, now: number, anew: boolean) {
  if (!code) return before
  if (!anew && before?.code === code) return before
  return { code, at: now }
}

/** A link is kept for as long as any campaign might count it; a clock that was set back does not lengthen that. */
export const stillCounts = (link: OpenedLink | null, now: number): link is OpenedLink =>
  link !== null && Math.abs(now - link.at) < KEPT_MS

function note({ query }: Launch, anew: boolean): void {
  const before = kept<OpenedLink>(NAME)
  const after = linkAfter(before, linkOf(query), Date.now(), anew)
  if (after !== before) keep(NAME, after)
}

/** Notes a friend's link whenever the app is opened by one: at its start, and again while it lives on. */
export function watchArrival(): void {
  note(launch(), true)
  if (platform === 'weapp') Taro.onAppShow((shown) => note(shown as Launch, false))
  else window.addEventListener('hashchange', () => note({ query: inHash(window.location.hash) }, false))
}

/** The query of an address whose page stands behind the `#`. */
function inHash(hash: string): Record<string, string> {
  const pairs = (hash.split('?')[1] ?? '').split('&').map((pair) => pair.split('=') as [string, string?])
  return Object.fromEntries(pairs.map(([name, value = '']) => [name, decoded(value)]))
}

/** The friend's code that joining now would count for. */
export const linkNow = (): string | undefined => keptLink()?.code

function keptLink(): OpenedLink | null {
  const link = kept<OpenedLink>(NAME)
  return stillCounts(link, Date.now()) ? link : null
}

/** Whoever joins next on this phone did not come by it. */
export const forgetLink = (): void => keep(NAME, null)

const ARTICLE = 'link-article'
interface LinkArticle {
  code: string
  article: string
}

/** A friend's link has led to an article: whoever joins by that link came by it. */
export const noteArticle = (code: string, article: string): void => keep(ARTICLE, { code, article })

function articleOf(code: string): { article?: string } {
  const noted = kept<LinkArticle>(ARTICLE)
  return noted?.code === code && /^[0-9a-z_]{1,32}$/.test(noted.article) ? { article: noted.article } : {}
}

/** Where this visit came from; the link may have been opened days ago. */
export function arrivalOf(): Arrival {
  const link = keptLink()
  const opened = link ? { link: link.code, openedAt: serverTimeOf(link.at), ...articleOf(link.code) } : {}
  return { ...originOf(launch()), ...opened }
}

function launch(): Launch {
  try {
    return Taro.getLaunchOptionsSync() as Launch
  } catch {
    return {}
  }
}
