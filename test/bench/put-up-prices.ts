import { randomUUID } from 'node:crypto'
import type { Prisma } from '@huiyuan/prisma/client'
import { DAY_MS } from '@huiyuan/shared/time'
import type { House } from '../../bff/src/ctx'
import { fullCart } from './carts'
import type { Crowd } from './crowd'

/** The articles of the fullest cart, on the menu. */
export async function putUpMenu({ prisma, now }: House, lines: number): Promise<void> {
  const publicAt = new Date(now().getTime() - DAY_MS)
  const articles = fullCart(lines, 0, 0).lines.map(({ sku, title, category, unitFen }) => ({
    ...{ sku: sku as string, title, category: category as string, priceFen: unitFen, art: 'cup', publicAt },
  }))
  const categoryIds = [...new Set(articles.map(({ category }) => category))]
  await prisma.productCategory.createMany({
    data: categoryIds.map((categoryId) => ({ categoryId, title: categoryId })),
  })
  await prisma.product.createMany({ data: articles })
}

/** So many rules instead of those before, for everybody; a locked one waits for the highest tier. */
export async function putUpRules({ prisma, now }: House, rules: number): Promise<void> {
  const startsAt = new Date(now().getTime() - DAY_MS)
  await prisma.right.deleteMany()
  await prisma.right.createMany({
    data: fullCart(0, rules, 0).rules.map(({ rightId, title, kind, state, payload }) => ({
      ...{ rightId, title, kind, words: title, startsAt },
      tierFrom: state === 'available' ? 1 : 6,
      payload: payload as unknown as Prisma.InputJsonValue,
    })),
  })
}

/** Everybody who buys gets one of each coupon. */
export async function giveCoupons({ prisma, now }: House, { buyers }: Crowd, coupons: number): Promise<void> {
  const [validFrom, expiresAt] = [new Date(now().getTime() - DAY_MS), new Date(now().getTime() + 30 * DAY_MS)]
  const offered = fullCart(0, 0, coupons).coupons
  await prisma.couponTemplate.createMany({
    data: offered.map(({ couponId, title, kind, amountOffFen, payPercent, maxOffFen, thresholdFen, ...of }) => ({
      ...{ templateId: couponId, title, kind, amountOffFen, payPercent, maxOffFen, thresholdFen },
      ...{ stackingGroup: of.stackingGroup, validDays: 30, rules: title },
      ...(of.scope ? { scope: of.scope as Prisma.InputJsonValue } : {}),
    })),
  })
  await prisma.coupon.createMany({
    data: buyers.flatMap(({ memberId }) =>
      offered.map(({ couponId }) => ({
        ...{ memberId, couponId: randomUUID(), templateId: couponId, state: 'granted' },
        ...{ grantedAt: validFrom, validFrom, expiresAt },
        ...{ effectKind: 'claim', effectSource: 'bench', effectPart: couponId },
      })),
    ),
  })
}
