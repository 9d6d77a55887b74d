/**
 * A purchase at the counter: what it earns, from when and what it lifts, told before it is settled; and how long it may be
 * taken back.
 */
import { type Fault, fault } from './faults'
import type { Earning } from './ledger'
import { countText } from './money'
import type { Policy } from './policy'
import { nextTier, rungOf } from './tier'
import { businessDaysAfter, dayWords } from './time'

export interface QuoteFacts {
  earning: Earning
  growthAfter: number
  tierBefore: number
  tierAfter: number
}

/** `获得 68 积分，12 月 7 日生效`, then what the growth does. */
export function quoteWords(facts: QuoteFacts, now: Date, policy: Policy): string[] {
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

/** The last millisecond in which a clerk may take a purchase back: its points become spendable when that window is closed. */
export const returnableUntil = (settledAt: Date, policy: Policy): Date =>
  new Date(businessDaysAfter(settledAt, policy.returnDays).getTime() - 1)

/**
 * What of an award, in points or growth, belongs to `refundedFen` of the amount paid: rounded down, all of it with the whole.
 * Each return takes back this share of everything returned so far less the share before it, so that returns in any parts take
 * what one of the whole would take. The database has the same rule.
 */
export const returnedShare = (award: number, amountFen: number, refundedFen: number): number =>
  refundedFen >= amountFen ? award : Math.floor((award * refundedFen) / amountFen)

/** Why this purchase cannot be taken back now by somebody in this role; a manager may at any time. */
export function returnRefusal(
  order: { state: string; settledAt: Date },
  role: 'clerk' | 'manager' | 'operator',
  now: Date,
  policy: Policy,
): Fault | null {
  if (order.state === 'returned') return fault('RETURN_DONE')
  const until = returnableUntil(order.settledAt, policy)
  return role === 'clerk' && until < now ? fault('RETURN_OVER', { until: until.toISOString() }) : null
}
