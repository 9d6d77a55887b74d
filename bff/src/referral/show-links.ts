import { sceneOf } from '@huiyuan/shared/referral'
import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx, House } from '../ctx'
import { WechatError } from '../wechat'
import { codeOf, LANDING_PAGE } from './show-referral'

/** WeChat lets a link live for 30 days at most; it is asked for anew while the old one is still good for some. */
const LIVES_MS = 29 * DAY_MS
const RENEW_MS = 7 * DAY_MS
const MOST = 5_000

interface UrlLink {
  url: string
  until: Date
}
const houses = new WeakMap<House, Map<string, UrlLink>>()

/**
 * The own link for each place in which a friend may read it: inside the mini-program, as a page that the official account and any
 * browser open, and as WeChat's own link from outside. The last is null while WeChat does not answer. `urlLinkUntil`: ISO time.
 * @throws SESSION_OVER
 */
export async function showLinks(ctx: Ctx) {
  const code = await codeOf(ctx)
  const path = `${LANDING_PAGE}?${sceneOf(code)}`
  const link = await urlLinkOf(ctx, code)
  return {
    path,
    h5Url: `${ctx.house.publicUrl}/#/${path}`,
    urlLink: link?.url ?? null,
    urlLinkUntil: link?.until.toISOString() ?? null,
  }
}

/** WeChat counts how many are made, so one is kept for as long as it is good. */
async function urlLinkOf(ctx: Ctx, code: string): Promise<UrlLink | null> {
  const known = houses.get(ctx.house) ?? new Map<string, UrlLink>()
  houses.set(ctx.house, known)
  const now = ctx.now().getTime()
  const kept = known.get(code)
  if (kept && kept.until.getTime() - now > RENEW_MS) return kept
  try {
    const until = new Date(now + LIVES_MS)
    const { url } = await ctx.wechat.urlLink({ path: LANDING_PAGE, query: sceneOf(code), expiresAt: until })
    known.delete(code)
    known.set(code, { url, until })
    for (const oldest of known.keys()) {
      if (known.size <= MOST) break
      known.delete(oldest)
    }
    return { url, until }
  } catch (error) {
    if (!(error instanceof WechatError)) throw error
    return kept && kept.until.getTime() > now ? kept : null
  }
}
