import type { Ctx } from '../ctx'
import { appsOf } from '../wechat'

/** Somebody in one of the brand's mini-programs. */
export interface OpenidOfApp {
  openid: string
  appid: string
}

/** How WeChat knows this member: in the main mini-program before the others; null for somebody without any. */
export async function findOpenid(ctx: Ctx, memberId: string): Promise<OpenidOfApp | null> {
  const appids = appsOf(ctx)
    .filter(({ kind }) => kind === 'weapp')
    .map(({ appid }) => appid)
  const known = await ctx.db.identity.findMany({
    where: { memberId, kind: 'wechat_openid', issuer: { in: appids } },
    select: { issuer: true, subject: true },
  })
  const own = appids.flatMap((appid) => known.filter(({ issuer }) => issuer === appid))[0]
  return own ? { openid: own.subject, appid: own.issuer } : null
}
