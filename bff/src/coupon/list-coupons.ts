import { type CouponKind, type CouponStacking, grantRefusal } from '@huiyuan/shared/coupon'
import type { ScopeNames } from '@huiyuan/shared/coupon-words'
import type { Fault } from '@huiyuan/shared/faults'
import { type Ctx, memberIdOf } from '../ctx'
import { type CouponRow, shownCoupon } from './coupon-rows'

export interface ClaimableCoupon extends CouponStacking {
  templateId: string
  title: string
  kind: CouponKind
  amountOffFen: number | null
  payPercent: number | null
  thresholdFen: number
  rules: string
  scopeNames: ScopeNames | null
  /** How many there still are for everybody, by their number or by the budget; null without limit. */
  left: number | null
  validDays: number | null
  refusal: Fault | null
}

interface TemplateRow extends CouponStacking {
  templateId: string
  title: string
  kind: CouponKind
  amountOffFen: number | null
  payPercent: number | null
  thresholdFen: number
  rules: string
  scopeNames: ScopeNames | null
  validDays: number | null
  validUntil: string | null
  startsAt: string | null
  endsAt: string | null
  totalLimit: number | null
  granted: number
  perPersonLimit: number | null
  grantedToMe: number
  budgetFen: number | null
  budgetUsedFen: number
  faceFen: number | null
}

interface CouponLists {
  open: CouponRow[]
  used: CouponRow[]
  over: CouponRow[]
  claimable: TemplateRow[]
}

/** Everything the coupon page shows: what can be used, what was, what is over, and what lies open to be taken. */
export async function listCoupons(ctx: Ctx) {
  const now = ctx.now()
  const rows = await ctx.sql<CouponLists>('coupon_list', { memberId: memberIdOf(ctx), at: now })
  const shown = (list: CouponRow[]) => list.map((row) => shownCoupon(row, now))
  return {
    usable: shown(rows.open),
    used: shown(rows.used),
    over: shown(rows.over),
    claimable: rows.claimable.map((row) => claimableCoupon(row, now)),
  }
}

const instant = (text: string | null) => (text === null ? null : new Date(text))

function claimableCoupon(row: TemplateRow, now: Date): ClaimableCoupon {
  const { templateId, title, kind, amountOffFen, payPercent, thresholdFen, rules, validDays } = row
  return {
    templateId,
    title,
    kind,
    amountOffFen,
    payPercent,
    thresholdFen,
    rules,
    stackingGroup: row.stackingGroup,
    scope: row.scope,
    scopeNames: row.scopeNames,
    left: leftOf(row),
    validDays,
    refusal: grantRefusal(
      {
        startsAt: instant(row.startsAt),
        endsAt: instant(row.endsAt),
        validUntil: instant(row.validUntil),
        totalLimit: row.totalLimit,
        granted: row.granted,
        perPersonLimit: row.perPersonLimit,
        grantedToMe: row.grantedToMe,
        budgetFen: row.budgetFen,
        budgetUsedFen: row.budgetUsedFen,
        faceFen: row.faceFen,
      },
      now,
    ),
  }
}

function leftOf({ totalLimit, granted, budgetFen, budgetUsedFen, faceFen }: TemplateRow): number | null {
  const lefts = [
    totalLimit === null ? null : totalLimit - granted,
    budgetFen === null || faceFen === null ? null : Math.floor((budgetFen - budgetUsedFen) / faceFen),
  ].filter((left) => left !== null)
  return lefts.length > 0 ? Math.max(0, Math.min(...lefts)) : null
}
