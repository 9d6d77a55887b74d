import type { Ctx } from '../../bff/src/ctx'

/** What waits for who joins; its coupon and its pick-up are seeded with their own nouns. */
export const DEMO_GIFT = {
  giftId: 'welcome_2026',
  kind: 'new_member',
  title: '新人礼',
  joinWithinDays: 30,
  couponTemplates: ['new_8'],
  points: 100,
  pickups: [{ rewardId: 'peach_taster', title: '白桃乌龙体验装', days: 7 }],
  stock: 5_000,
  pointsBudget: 500_000,
  startsAt: new Date('2026-01-01T00:00:00+08:00'),
}

export const seedGift = async (ctx: Ctx): Promise<void> => {
  await ctx.db.gift.createMany({ data: [DEMO_GIFT], skipDuplicates: true })
}
