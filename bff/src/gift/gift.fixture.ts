import { randomUUID } from 'node:crypto'
import { businessDay, businessDaysAfter } from '@huiyuan/shared/time'
import { DEMO_COUPONS, seedCoupon } from '../../../prisma/seed/coupon'
import { DEMO_BIRTHDAY_GIFT, DEMO_GIFT, DEMO_TRIAL_PACK } from '../../../prisma/seed/gift'
import { seedMall } from '../../../prisma/seed/mall'
import type { TestHouse } from '../../../test/support/people'

type GiftWish = Partial<
  Omit<typeof DEMO_GIFT, 'stock' | 'pointsBudget'> & {
    stock: number | null
    pointsBudget: number | null
    endsAt: Date
    rights: { rightId: string; days: number }[]
    followUpTemplate: string | null
  }
>

/** The new-member gift of the demo brand under an id of its own, with its coupon and its pick-up. → giftId */
export const newGift = (test: TestHouse, wish: GiftWish = {}): Promise<string> => put(test, { ...DEMO_GIFT, ...wish })

async function put(test: TestHouse, gift: GiftWish & Partial<GiftOfRight>): Promise<string> {
  const giftId = `g-${randomUUID().slice(0, 20)}`
  await seedCoupon(test.as())
  await seedMall(test.as())
  await test.as().db.gift.create({ data: { ...gift, giftId } as never })
  return giftId
}

/** For whom a right brings it. */
interface GiftOfRight {
  kind: string
  rightId: string
}

const RIGHT_KIND = { birthday: 'birthday_gift', trial_pack: 'trial_pack' }

/** The demo brand's birthday gift or trial pack under an id of its own, for whoever is of this tier. → giftId, rightId */
export async function newGiftOf(
  test: TestHouse,
  kind: 'birthday' | 'trial_pack',
  { tierFrom = 1, ...wish }: GiftWish & { tierFrom?: number | null } = {},
): Promise<{ giftId: string; rightId: string }> {
  const rightId = `r-${randomUUID().slice(0, 20)}`
  const demo = kind === 'birthday' ? DEMO_BIRTHDAY_GIFT : DEMO_TRIAL_PACK
  const giftId = await put(test, { ...demo, rights: [], ...wish, rightId } as GiftWish & GiftOfRight)
  const startsAt = new Date('2020-01-01T00:00:00+08:00')
  await test.as().db.right.create({
    data: {
      rightId,
      kind: RIGHT_KIND[kind],
      title: '礼物',
      words: '每人一份',
      payload: { giftId },
      startsAt,
      tierFrom,
    },
  })
  return { giftId, rightId }
}

/** A member's birthday so many days from now, as if it had been imported. */
export async function bornIn(test: TestHouse, memberId: string, days: number): Promise<void> {
  const { month, day } = businessDay(businessDaysAfter(test.clock.at, days))
  await test.as().db.member.update({ where: { memberId }, data: { birthMonth: month, birthDay: day } })
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
