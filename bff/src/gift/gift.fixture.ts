import { randomUUID } from 'node:crypto'
import { DEMO_COUPONS, seedCoupon } from '../../../prisma/seed/coupon'
import { DEMO_GIFT } from '../../../prisma/seed/gift'
import { seedMall } from '../../../prisma/seed/mall'
import type { TestHouse } from '../../../test/support/people'

type GiftWish = Partial<
  Omit<typeof DEMO_GIFT, 'stock' | 'pointsBudget'> & { stock: number | null; pointsBudget: number | null; endsAt: Date }
>

/** The new-member gift of the demo brand under an id of its own, with its coupon and its pick-up. → giftId */
export async function newGift(test: TestHouse, wish: GiftWish = {}): Promise<string> {
  const giftId = `g-${randomUUID().slice(0, 20)}`
  await seedCoupon(test.as())
  await seedMall(test.as())
  await test.as().db.gift.create({ data: { ...DEMO_GIFT, giftId, ...wish } })
  return giftId
}

export const WELCOME_COUPON = DEMO_COUPONS[0]?.title as string

/** What somebody has of gifts: how they stand, which coupons and pick-ups, how many points. */
export async function holdingsOf(test: TestHouse, memberId: string) {
  const { db } = test.as()
  const where = { memberId }
  const [given, coupons, redemptions, account] = await Promise.all([
    db.giftGiven.findMany({ where, orderBy: { givenAt: 'asc' } }),
    db.coupon.findMany({ where, orderBy: { grantedAt: 'asc' } }),
    db.redemption.findMany({ where, orderBy: { redemptionId: 'asc' } }),
    db.account.findUniqueOrThrow({ where }),
  ])
  return {
    given: given.map(({ state }) => state),
    coupons: coupons.map(({ state }) => state),
    pickups: redemptions.map(({ state }) => state),
    points: account.availablePoints,
  }
}
