import type { PairFacts } from '@huiyuan/shared/risk'
import type { Ctx, House } from '../ctx'
import { survivingId } from '../member'
import { WechatError } from '../wechat'

/** A WeChat that does not answer is not asked again for so long; a batch of many must not wait for each. */
const QUIET_MS = 60_000
const quietUntil = new WeakMap<House, number>()

/**
 * Everything that is known of an inviter and a friend, in one statement, and what WeChat thinks of the friend today.
 * Members may be given by any of their records. Waits for WeChat at most once a minute in vain; unknown is null.
 */
export async function collectPair(ctx: Ctx, pair: { inviterId: string; friendId: string }): Promise<PairFacts> {
  const call = { ...pair, at: ctx.now(), printDays: ctx.policy.printDays }
  const [known, riskNow] = await Promise.all([
    ctx.sql<Omit<PairFacts, 'riskNow'>>('risk_pair', call),
    rankNow(ctx, pair.friendId),
  ])
  return { ...known, riskNow }
}

async function rankNow(ctx: Ctx, friendId: string): Promise<number | null> {
  if ((quietUntil.get(ctx.house) ?? 0) > ctx.now().getTime()) return null
  const memberId = await survivingId(ctx.db, friendId)
  const where = { memberId, kind: 'wechat_openid', issuer: ctx.weappId }
  const own = await ctx.db.identity.findFirst({ where, select: { subject: true } })
  if (!own) return null
  try {
    // nobody's address is kept, so a job has only the house's own to give
    const clientIp = ctx.clientIp || '127.0.0.1'
    return (await ctx.wechat.riskRank({ openid: own.subject, scene: 'marketing', clientIp })).rank
  } catch (error) {
    // a no to this one person says nothing of the next
    const ofOne = error instanceof WechatError && error.trouble === 'errcode'
    if (!ofOne) quietUntil.set(ctx.house, ctx.now().getTime() + QUIET_MS)
    ctx.log.warn({ trouble: error instanceof Error ? error.name : 'unknown' }, 'risk rank not learnt')
    return null
  }
}
