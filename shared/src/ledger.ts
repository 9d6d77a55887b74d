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

/**
 * What a purchase of `amountFen` earns when it is settled at `at`.
 * @param earnPercent of the points, never of growth: 150 for one and a half times
 */
export const earningOf = (amountFen: number, at: Date, policy: Policy, earnPercent = 100): Earning => ({
  points: Math.floor((countPerYuan(amountFen, policy.pointsPerYuan) * earnPercent) / 100),
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
  | 'separated_in'
  | 'separated_out'
  | 'separated_charged'
  | 'separated_refilled'
  | 'separated_returned'
  | 'opening'
  | 'imported'
  | 'exchange'
  | 'exchange_returned'
  | 'grace'
  | 'gift'
  | 'gift_returned'
  | 'gift_restored'
  | 'referral'
  | 'referral_returned'
  | 'referral_restored'
  | 'obligation'
  | 'obligation_returned'
  | 'purchase_returned'
  | 'points_paid'
  | 'points_released'
  | 'points_returned'
  | 'adjusted'

export interface TransferDetail {
  storeName?: string
  amountFen?: number
  activeAt?: string
  expiresAt?: string
  /** What was exchanged, given or done: the reward's, the gift's, the obligation's title; why something was corrected. */
  title?: string
  /** Whom a referral was about, masked. */
  friend?: string
  /** When what is taken back was earned. */
  earnedAt?: string
  /** The last four digits of the card that points came from or went to in a merge or its undo. */
  other4?: string
  /** The merge that moved it, or whose undo did. */
  mergeId?: string
  /** What moved was owed, not owned. */
  debt?: boolean
  /** What moved left the member. */
  out?: boolean
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
  // what was spent meanwhile cannot be taken back, so it is owed
  const back = `${detail.debt ? '记下' : '收回'} ${what}`
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
    case 'merged_out':
    case 'separated_in':
    case 'separated_out':
    case 'separated_charged':
    case 'separated_refilled':
    case 'separated_returned':
      return `${day} ${cardWords(reason, what, detail)}`
    case 'opening':
      return `${day} 开通会员时带来 ${what}`
    case 'imported': {
      const until = detail.expiresAt && unit === 'points' ? `，有效到 ${dayWords(new Date(detail.expiresAt), now)}` : ''
      return `${day} 从原来的会员系统转入 ${what}${until}`
    }
    case 'exchange':
      return `${day} 兑换「${detail.title ?? '商品'}」，用掉 ${what}`
    case 'exchange_returned':
      return `${day} 取消兑换「${detail.title ?? '商品'}」，退回 ${what}，仍到 ${ends(detail, now)}`
    case 'grace':
      return `${day} ${gracedBy(detail)}，原批次已到期，${what}延到 ${ends(detail, now)}`
    case 'gift':
      return `${day} 打开「${detail.title ?? '礼物'}」，获得 ${what}`
    case 'gift_returned':
      return `${day} 两张会员卡并成一张，多领的「${detail.title ?? '礼物'}」收回 ${what}`
    case 'gift_restored':
      return `${day} 两张会员卡分开，「${detail.title ?? '礼物'}」恢复 ${what}`
    case 'referral':
      return `${day} 朋友${detail.friend ? ` ${detail.friend} ` : ''}喝到第一盏，获得 ${what}`
    case 'referral_returned':
      return `${day} 朋友${detail.friend ? ` ${detail.friend} ` : ''}退了首单，${back}`
    case 'referral_restored':
      return `${day} 两张会员卡分开，请朋友的 ${what}恢复`
    case 'obligation':
      return `${day} 完成「${detail.title ?? '义务'}」，获得 ${what}`
    case 'obligation_returned':
      return `${day} 「${detail.title ?? '义务'}」里有一次退回了，${back}`
    case 'purchase_returned':
      return `${day} 在「${detail.storeName ?? '门店'}」退货 ${yuanText(detail.amountFen ?? 0)}，${back}`
    case 'points_paid':
    case 'points_released':
    case 'points_returned':
      return `${day} 在「${detail.storeName ?? '门店'}」${paidWords(reason, what, detail, now)}`
    case 'adjusted':
      return `${day} 客服为你调整，${detail.out || detail.debt ? back : `获得 ${what}`}${detail.title ? `：${detail.title}` : ''}`
  }
}

type CardMove = Extract<TransferReason, `merged_${string}` | `separated_${string}`>

/** What a merge or its undo moved. */
function cardWords(reason: CardMove, what: string, detail: TransferDetail): string {
  const card = `会员卡${detail.other4 ? `（尾号 ${detail.other4}）` : ''}`
  switch (reason) {
    case 'merged_in':
      return `老${card}并入，带来 ${what}`
    case 'merged_out':
      return `并入新${card}，转出 ${what}`
    case 'separated_in':
      return `与另一张${card}分开，带回 ${what}`
    case 'separated_out':
      return `另一张${card}分开，带走 ${what}`
    case 'separated_charged':
      return `另一张${card}分开，用掉的是它的积分，${detail.debt ? `记下 ${what}` : `还上 ${what}`}`
    case 'separated_refilled':
      return `与另一张${card}分开，补回已用掉的 ${what}`
    case 'separated_returned':
      return `另一张${card}分开，退回替它付的 ${what}`
  }
}

const gracedBy = ({ title, storeName }: TransferDetail) =>
  storeName ? `退回在「${storeName}」抵扣的积分` : `取消兑换「${title ?? '商品'}」`

/** Points as cash: what they paid, and how they came back. */
function paidWords(
  reason: 'points_paid' | 'points_released' | 'points_returned',
  what: string,
  detail: TransferDetail,
  now: Date,
): string {
  const yuan = yuanText(detail.amountFen ?? 0)
  if (reason === 'points_paid') return `抵扣 ${what}（${yuan}）`
  const until = `仍到 ${ends(detail, now)}`
  return reason === 'points_released'
    ? `没有结账，退回 ${what}，${until}`
    : `退货 ${yuan}，退回抵扣的 ${what}，${until}`
}

const ends = ({ expiresAt }: TransferDetail, now: Date) =>
  expiresAt ? dayWords(new Date(expiresAt), now) : '原来的日子'

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
