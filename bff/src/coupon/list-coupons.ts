import { type CouponKind, grantRefusal } from '@huiyuan/shared/coupon'
import type { Fault } from '@huiyuan/shared/faults'
import { type Ctx, memberIdOf } from '../ctx'
import { type CouponRow, shownCoupon } from './coupon-rows'

export interface ClaimableCoupon {
  templateId: string
  title: string
  kind: CouponKind
  amountOffFen: number | null
  payPercent: number | null
  thresholdFen: number
  rules: string
  /** How many there still are for everybody; null without limit. */
  left: number | null
  validDays: number | null
  refusal: Fault | null
}

interface TemplateRow {
  templateId: string
  title: string
  kind: CouponKind
  amountOffFen: number | null
  payPercent: number | null
  thresholdFen: number
  rules: string
  validDays: number | null
  validUntil: string | null
  startsAt: string | null
  endsAt: string | null
  totalLimit: number | null
  granted: number
  perPersonLimit: number | null
  grantedToMe: number
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
    left: row.totalLimit === null ? null : row.totalLimit - row.granted,
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
      },
      now,
    ),
  }
}
