/**
 * A purchase at the counter, told before it is settled: what it earns, from when, and what it lifts.
 */
import type { Earning } from './ledger'
import { countText } from './money'
import type { Policy } from './policy'
import { nextTier, rungOf } from './tier'
import { dayWords } from './time'

export interface PreviewFacts {
  earning: Earning
  growthAfter: number
  tierBefore: number
  tierAfter: number
}

/** `获得 68 积分，12 月 7 日生效`, then what the growth does. */
export function previewWords(facts: PreviewFacts, now: Date, policy: Policy): string[] {
  const { earning, growthAfter, tierBefore, tierAfter } = facts
  const points =
    earning.points > 0
      ? `获得 ${countText(earning.points)} 积分，${dayWords(earning.activeAt, now)}生效`
      : '金额不足，这一单不积分'
  if (tierAfter > tierBefore)
    return [points, `成长值满 ${countText(growthAfter)}，升为${rungOf(tierAfter, policy).name}`]
  const next = nextTier(tierAfter, growthAfter, policy)
  return next ? [points, `再积 ${countText(next.needGrowth)} 成长值升${rungOf(next.tier, policy).name}`] : [points]
}
