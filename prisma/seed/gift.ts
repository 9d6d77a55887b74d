import { businessDay, DAY_MS } from '@huiyuan/shared/time'
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

/** Once a year around the birthday, for whoever has the right that names it. */
export const DEMO_BIRTHDAY_GIFT = {
  giftId: 'birthday',
  kind: 'birthday',
  title: '生日礼',
  rightId: 'birthday',
  joinWithinDays: 0,
  daysBefore: 3,
  daysAfter: 7,
  couponTemplates: ['birthday_12'],
  points: 88,
  pickups: [],
  rights: [{ rightId: 'early_platinum', days: 30 }],
  startsAt: new Date('2026-01-01T00:00:00+08:00'),
}

/** A new tea to try, and a coupon to come back with. */
export const DEMO_TRIAL_PACK = {
  giftId: 'trial_tea',
  kind: 'trial_pack',
  title: '岩茶体验装',
  rightId: 'trial_tea',
  joinWithinDays: 0,
  couponTemplates: [],
  pickups: [{ rewardId: 'rock_taster', title: '武夷岩茶体验装', days: 14 }],
  followUpTemplate: 'trial_10',
  stock: 300,
  startsAt: new Date('2026-01-01T00:00:00+08:00'),
}

export const seedGift = async (ctx: Ctx): Promise<void> => {
  await ctx.db.gift.createMany({ data: [DEMO_GIFT, DEMO_BIRTHDAY_GIFT, DEMO_TRIAL_PACK], skipDuplicates: true })
}

/** Two days after the day of seeding: the birthday gift can be opened already. */
export async function seedBirthday(ctx: Ctx, memberId: string, now: Date): Promise<void> {
  const { month, day } = businessDay(new Date(now.getTime() + 2 * DAY_MS))
  await ctx.db.member.updateMany({
    where: { memberId, birthMonth: null },
    data: { birthMonth: month, birthDay: day, birthSetAt: new Date(now.getTime() - 200 * DAY_MS) },
  })
}
