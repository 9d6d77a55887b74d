/**
 * Points come in lots: pending until the refund window closes, then spendable, gone at their own end of day.
 * The earliest to expire goes first. Every line of the statement says in words what happened and until when.
 */
import { countPerYuan, countText, yuanText } from './money'
import type { Policy } from './policy'
import { businessDaysAfter, dayText, dayWords, endOfMonthAfter } from './time'

export interface Earning {
  points: number
  growth: number
  /** 00:00 Shanghai of the first day on which the points can be spent. */
  activeAt: Date
  /** Last millisecond of the last day on which they can. */
  expiresAt: Date
}

/** What a purchase of `amountFen` earns when it is settled at `at`. */
export const earningOf = (amountFen: number, at: Date, policy: Policy): Earning => ({
  points: countPerYuan(amountFen, policy.pointsPerYuan),
  growth: countPerYuan(amountFen, policy.growthPerYuan),
  activeAt: businessDaysAfter(at, policy.pendingDays),
  expiresAt: endOfMonthAfter(at, policy.expiryMonths),
})

/** Why a transfer was made. The detail that its words need travels with it. */
export type TransferReason =
  | 'purchase'
  | 'matured'
  | 'debt_paid'
  | 'expired'
  | 'growth_expired'
  | 'merged_in'
  | 'merged_out'
  | 'opening'

export interface TransferDetail {
  storeName?: string
  amountFen?: number
  activeAt?: string
  expiresAt?: string
  /** What moved was owed, not owned. */
  debt?: boolean
}

export interface StatementEntry {
  unit: 'points' | 'growth'
  reason: TransferReason
  amount: number
  at: Date
  detail: TransferDetail
}

/** One line of the statement, as the member would tell it. `now` decides whether a date needs its year. */
export function statementWords({ unit, reason, amount, at, detail }: StatementEntry, now: Date): string {
  const what = `${countText(amount)} ${detail.debt ? '欠分' : unit === 'points' ? '积分' : '成长值'}`
  const day = dayText(at)
  switch (reason) {
    case 'purchase': {
      const active = detail.activeAt && unit === 'points' ? `，${dayWords(new Date(detail.activeAt), now)}生效` : ''
      return `${day} 在「${detail.storeName ?? '门店'}」消费 ${yuanText(detail.amountFen ?? 0)}，获得 ${what}${active}`
    }
    case 'matured':
      return `${day} 有 ${what}生效，可以用了`
    case 'debt_paid':
      return `${day} 用 ${what}补上了欠分`
    case 'expired':
      return `${day} 有 ${what}到期`
    case 'growth_expired':
      return `${day} 有 ${what}满 12 个月，不再计入等级`
    case 'merged_in':
      return `${day} 老会员卡并入，带来 ${what}`
    case 'merged_out':
      return `${day} 并入新会员卡，转出 ${what}`
    case 'opening':
      return `${day} 开通会员时带来 ${what}`
  }
}

export interface LotUse {
  lotId: string
  points: number
}

/**
 * Which lots a spend takes, earliest expiry first, ties by lot id; null when they do not hold enough.
 * The database takes them in the same order; this is the rule it is tested against.
 */
export function lotsToSpend(
  lots: { lotId: string; remaining: number; expiresAt: Date }[],
  points: number,
): LotUse[] | null {
  const inOrder = [...lots].sort(
    (a, b) => a.expiresAt.getTime() - b.expiresAt.getTime() || (a.lotId < b.lotId ? -1 : 1),
  )
  const uses: LotUse[] = []
  let missing = points
  for (const { lotId, remaining } of inOrder) {
    if (missing === 0) break
    const taken = Math.min(remaining, missing)
    if (taken > 0) uses.push({ lotId, points: taken })
    missing -= taken
  }
  return missing === 0 ? uses : null
}
