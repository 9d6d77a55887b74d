import { countText } from '@huiyuan/shared/money'
import type { Policy } from '@huiyuan/shared/policy'
import {
  growthCountsFrom,
  growthLeavesAt,
  growthToKeep,
  isTierEnding,
  landingOf,
  nextTier,
  rungOf,
} from '@huiyuan/shared/tier'
import { businessDay, dayWords } from '@huiyuan/shared/time'
import { type Ctx, memberIdOf } from '../ctx'

const SOURCE_WORDS: Record<string, (count: number) => string> = {
  purchase: (count) => `消费 ${countText(count)} 单`,
  merged_in: () => '老会员卡并入',
  separated_in: () => '会员卡分开时带回',
  opening: () => '开通会员时带来',
}

type ChangeReason = 'raised' | 'kept' | 'landed' | 'returned' | 'merged' | 'separated' | 'imported'

interface TierRows {
  standing: { tier: number; since: string; validUntil: string }
  /** Growth that counts, by the business day it was earned on. */
  days: { at: string; growth: number }[]
  sources: { reason: string; count: number; growth: number }[]
  history: { at: string; before: number; after: number; reason: ChangeReason }[]
}

/**
 * Why the member has this tier, what lifts, what keeps and until when, what leaves the window and how the tier came: all in
 * numbers. `keep.needGrowth` is what is missing on the tier's last day when nothing is bought until then.
 */
export async function explainTier(ctx: Ctx) {
  const { policy } = ctx
  const now = ctx.now()
  const windowFrom = growthCountsFrom(now, policy)
  const call = { memberId: memberIdOf(ctx), from: windowFrom }
  const { standing, days, sources, history } = await ctx.sql<TierRows>('tier_explain', call)
  const growth = days.reduce((sum, day) => sum + day.growth, 0)
  const keep = keepingOf(standing, days, policy)
  return {
    tier: standing.tier,
    growth,
    since: standing.since,
    validUntil: keep && standing.validUntil,
    next: nextTier(standing.tier, growth, policy),
    keep,
    windowFrom: windowFrom.toISOString(),
    leaving: leavingOf(days, policy),
    sources: sources.map((source) => ({
      ...source,
      words: (SOURCE_WORDS[source.reason] ?? ((count) => `其他 ${count} 笔`))(source.count),
    })),
    history: history.map((change) => ({ ...change, words: changeWords(change, policy) })),
    warning: keep && warningOf(standing.tier, keep, now, policy),
    ladder: policy.tiers,
  }
}

/** What keeps the tier on its last day; null on the lowest, which nobody loses. */
function keepingOf({ tier, validUntil }: TierRows['standing'], days: TierRows['days'], policy: Policy) {
  const from = growthCountsFrom(new Date(validUntil), policy).toISOString()
  const countsAtEnd = days.reduce((sum, day) => (day.at >= from ? sum + day.growth : sum), 0)
  const needGrowth = growthToKeep(tier, countsAtEnd, policy)
  if (needGrowth === null) return null
  return { needGrowth, by: validUntil, countsAtEnd, landsOn: landingOf(tier, policy)?.tier ?? null }
}

/** What leaves the window, month by month; `at` is the first moment of it in that month. */
function leavingOf(days: TierRows['days'], policy: Policy): { at: string; growth: number }[] {
  const months = new Map<string, { at: string; growth: number }>()
  for (const { at, growth } of days) {
    const leaves = growthLeavesAt(new Date(at), policy)
    const { year, month } = businessDay(leaves)
    const known = months.get(`${year}-${month}`)
    if (known) known.growth += growth
    else months.set(`${year}-${month}`, { at: leaves.toISOString(), growth })
  }
  return [...months.values()]
}

function warningOf(
  tier: number,
  { needGrowth, by, landsOn }: { needGrowth: number; by: string; landsOn: number | null },
  now: Date,
  policy: Policy,
): string | null {
  const end = new Date(by)
  if (needGrowth === 0 || landsOn === null || !isTierEnding(end, now, policy)) return null
  const [name, below] = [rungOf(tier, policy).name, rungOf(landsOn, policy).name]
  return `差 ${countText(needGrowth)} 成长值就能留住${name}，${dayWords(end, now)}前都算；不够的话会先到${below}，一步一步来。`
}

function changeWords({ before, after, reason }: TierRows['history'][number], policy: Policy): string {
  const name = rungOf(after, policy).name
  switch (reason) {
    case 'raised':
      return `升到${name}`
    case 'kept':
      return `留住${name}，再用 ${policy.growthWindowMonths} 个月`
    case 'landed':
      return `从${rungOf(before, policy).name}先到${name}，一步一步来`
    case 'returned':
      return `退货后回到${name}`
    case 'merged':
      return `并入另一份会员记录，升到${name}`
    case 'separated':
      return `会员卡分开后回到${name}`
    case 'imported':
      return `从原来的会员体系带来${name}`
  }
}
