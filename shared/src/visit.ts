/**
 * What a clerk may say to a member at the counter: only what is so, in numbers, and only when it is of use now.
 */
import { countText } from './money'
import type { Policy } from './policy'
import { nextTier, rungOf } from './tier'
import { daysUntil } from './time'

export interface SpokenFacts {
  tier: number
  growth: number
  /** Spendable lots with something left. */
  lots: { remaining: number; expiresAt: Date }[]
}

/** `320 积分 9 天后到期` first, because it is urgent, then `再积 160 成长值升黄金`. */
export function sayAloud({ tier, growth, lots }: SpokenFacts, now: Date, policy: Policy): string[] {
  const next = nextTier(tier, growth, policy)
  return [
    ...expiring(lots, now, policy),
    ...(next && next.needGrowth > 0
      ? [`再积 ${countText(next.needGrowth)} 成长值升${rungOf(next.tier, policy).name}`]
      : []),
  ]
}

/** Everything that ends on the first day on which something ends, when that day is near. */
function expiring(lots: SpokenFacts['lots'], now: Date, policy: Policy): string[] {
  const live = lots.filter(({ remaining, expiresAt }) => remaining > 0 && expiresAt > now)
  if (live.length === 0) return []
  const days = Math.min(...live.map(({ expiresAt }) => daysUntil(expiresAt, now)))
  if (days > policy.expiringSoonDays) return []
  const points = live
    .filter(({ expiresAt }) => daysUntil(expiresAt, now) === days)
    .reduce((sum, { remaining }) => sum + remaining, 0)
  return [`${countText(points)} 积分${days === 0 ? '今天' : ` ${days} 天后`}到期`]
}
