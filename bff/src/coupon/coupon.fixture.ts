import { randomUUID } from 'node:crypto'
import { DEMO_COUPONS } from '../../../prisma/seed/coupon'
import type { TestHouse } from '../../../test/support/people'

interface TemplateWish {
  title?: string
  amountOffFen?: number
  thresholdFen?: number
  validDays?: number | null
  validUntil?: Date
  totalLimit?: number
  budgetFen?: number
  faceFen?: number
  stackingGroup?: string
  scope?: object
  perPersonLimit?: number
  claimable?: boolean
  startsAt?: Date
  endsAt?: Date
}

/** A template of its own for a test: 满 30 减 8, lying open, without limits unless wished for. → templateId */
export async function newTemplate(test: TestHouse, wish: TemplateWish = {}): Promise<string> {
  const templateId = `t-${randomUUID().slice(0, 20)}`
  const { title, kind, amountOffFen, thresholdFen, validDays, rules } = DEMO_COUPONS[0] as (typeof DEMO_COUPONS)[number]
  await test.as().db.couponTemplate.create({
    data: { title, kind, amountOffFen, thresholdFen, validDays, rules, templateId, claimable: true, ...wish } as never,
  })
  return templateId
}

export type Granted = { couponId: string; title: string; expiresAt: string; refused?: undefined } | { refused: string }

/** Grants one for a source of its own, unless told which. */
export const grant = (test: TestHouse, memberId: string, templateId: string, source: Record<string, string> = {}) =>
  test.house.sql<Granted>('coupon_grant', {
    memberId,
    templateId,
    at: test.clock.at,
    kind: 'gift',
    sourceId: randomUUID(),
    ...source,
  })

/** A coupon in the member's hand. → couponId */
export async function newCoupon(
  test: TestHouse,
  memberId: string,
  more: { templateId?: string; kind?: string; sourceId?: string } = {},
): Promise<string> {
  const { templateId = await newTemplate(test), ...source } = more
  const granted = await grant(test, memberId, templateId, source)
  if (granted.refused !== undefined) throw new Error(granted.refused)
  return granted.couponId
}

export const couponsOf = (test: TestHouse, memberId: string) =>
  test.as().db.coupon.findMany({ where: { memberId }, orderBy: [{ grantedAt: 'asc' }, { couponId: 'asc' }] })

export const templateOf = (test: TestHouse, templateId: string) =>
  test.as().db.couponTemplate.findUniqueOrThrow({ where: { templateId } })
