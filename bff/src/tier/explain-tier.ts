import { countText } from '@huiyuan/shared/money'
import { growthToKeep, nextTier } from '@huiyuan/shared/tier'
import { monthsBefore } from '@huiyuan/shared/time'
import { type Ctx, memberIdOf } from '../ctx'

const WORDS: Record<string, (count: number) => string> = {
  purchase: (count) => `消费 ${countText(count)} 单`,
  merged_in: () => '老会员卡并入',
  opening: () => '开通会员时带来',
}

/** Why the member has this tier, what lifts, what keeps and until when: all in numbers. */
export async function explainTier(ctx: Ctx) {
  const memberId = memberIdOf(ctx)
  const now = ctx.now()
  const windowFrom = monthsBefore(now, ctx.policy.growthWindowMonths)
  const [standing, account, sources] = await Promise.all([
    ctx.db.standing.findUniqueOrThrow({ where: { memberId }, select: { tier: true, since: true, validUntil: true } }),
    ctx.db.account.findUniqueOrThrow({ where: { memberId }, select: { growth: true } }),
    ctx.db.transfer.groupBy({
      by: ['reason'],
      where: { memberId, unit: 'growth', toAccount: 'member:growth', at: { gte: windowFrom } },
      _count: { _all: true },
      _sum: { amount: true },
    }),
  ])
  const keepGrowth = growthToKeep(standing.tier, account.growth, ctx.policy)
  return {
    tier: standing.tier,
    growth: account.growth,
    since: standing.since.toISOString(),
    validUntil: keepGrowth === null ? null : standing.validUntil.toISOString(),
    next: nextTier(standing.tier, account.growth, ctx.policy),
    keep: keepGrowth === null ? null : { needGrowth: keepGrowth, by: standing.validUntil.toISOString() },
    windowFrom: windowFrom.toISOString(),
    sources: sources
      .map(({ reason, _count, _sum }) => ({
        reason,
        count: _count._all,
        growth: _sum.amount ?? 0,
        words: (WORDS[reason] ?? ((count) => `其他 ${count} 笔`))(_count._all),
      }))
      .sort((a, b) => b.growth - a.growth),
    ladder: ctx.policy.tiers,
  }
}
