import type { Prisma } from '@huiyuan/prisma/client'
import { businessDaysAfter, DAY_MS, endOfBusinessDay } from '@huiyuan/shared/time'
import type { Ctx } from '../../bff/src/ctx'
import { seedHonour } from './honour'

type Duty = Omit<Prisma.ObligationUncheckedCreateInput, 'startsAt' | 'endsAt'>

const AUTUMN_TASTING: Duty = {
  obligationId: 'autumn_tasting',
  kind: 'themed_activity',
  title: '秋茶品鉴会',
  words: '今年新收的三款秋茶，坐下来慢慢喝一遍。到湖滨店，请店员扫一下会员码就算到场。',
  mark: 'leaf',
  proof: 'staff_scan',
  target: 1,
  storeId: 'hubin',
  rewardPoints: 50,
  honourId: 'tea_knower',
  budgetPoints: 10_000,
  position: 1,
}

const ALL_YEAR: Duty[] = [
  {
    obligationId: 'own_cup',
    kind: 'check_in',
    title: '带自己的杯子',
    words: '带自己的杯子来，每天记一次，哪家店都行。记满十次，就是惜杯人。',
    mark: 'cup',
    proof: 'staff_scan',
    target: 10,
    cooldownHours: 20,
    rewardPoints: 200,
    honourId: 'cup_keeper',
    budgetPoints: 200_000,
    position: 2,
  },
  {
    obligationId: 'honest_review',
    kind: 'review',
    title: '说说这一杯',
    words: '买过的，好喝不好喝都照实说。打几颗星都一样谢你，公开时会标明是有奖评价。',
    mark: 'chat',
    proof: 'handed_in',
    wants: { text: { min: 15, max: 300 }, photos: { min: 0, max: 3 }, rating: true, order: true },
    period: 'weekly',
    target: 1,
    rewardPoints: 20,
    budgetPoints: 40_000,
    labelled: true,
    position: 3,
  },
  {
    obligationId: 'spread_autumn',
    kind: 'spread_news',
    title: '把新鲜事带给五个人',
    words: '读到喜欢的文章，转给会喜欢的人。谢你的不是转发，是他们真的来坐了坐。',
    mark: 'spark',
    proof: 'counted',
    counts: 'reader_acted',
    target: 5,
    rewardPoints: 120,
    budgetPoints: 36_000,
    position: 4,
  },
  {
    obligationId: 'bring_friend',
    kind: 'invite',
    title: '约三位朋友喝茶',
    words: '约三位没来过的朋友，各自喝到第一盏、过了退款期就算。',
    mark: 'people',
    proof: 'counted',
    counts: 'friend_rewarded',
    target: 3,
    rewardPoints: 60,
    rewardCoupon: 'tea_3',
    budgetPoints: 30_000,
    position: 5,
  },
  {
    obligationId: 'trial_new_tea',
    kind: 'product_test',
    title: '试一款还没上架的茶',
    words: '在店里领一小包样茶，回家泡一次，写下水温、时间和你的感受。批评比夸奖更有用。',
    mark: 'leaf',
    proof: 'handed_in',
    wants: { text: { min: 30, max: 500 }, photos: { min: 1, max: 3 }, rating: true },
    target: 1,
    dueDays: 14,
    rewardPoints: 60,
    budgetPoints: 18_000,
    tierGate: 2,
    position: 6,
  },
]

/** The three things that keep an ambassador's title; each month anew, and thanked for with the title itself. */
const DUTY = {
  kind: 'ambassador_duty',
  period: 'monthly',
  forHonourId: 'ambassador',
  keepsHonourId: 'ambassador',
  mark: 'bowl',
  rewardPoints: 0,
  budgetPoints: 0,
}
const AMBASSADOR: Duty[] = [
  {
    ...DUTY,
    obligationId: 'ambassador_visits',
    title: '每月来坐四次',
    words: '自己来喝四次，看看店里有什么要改的。',
    proof: 'counted',
    counts: 'order',
    countsFromFen: 1_000,
    target: 4,
    cooldownHours: 12,
    position: 11,
  },
  {
    ...DUTY,
    obligationId: 'ambassador_notes',
    title: '每月写一篇茶记',
    words: '在你常写字的地方写一篇，公开的网页就行，把链接交给我们。写明你是一盏大使。',
    proof: 'handed_in',
    wants: { link: true, text: { min: 20, max: 300 } },
    target: 1,
    labelled: true,
    position: 12,
  },
  {
    ...DUTY,
    obligationId: 'ambassador_tasting',
    title: '每月带一场小茶会',
    words: '在店里约两三个人喝一泡，请店员扫一下会员码。',
    proof: 'staff_scan',
    target: 1,
    position: 13,
  },
]

/** What there was in summer. */
const PAST: Duty[] = [
  {
    obligationId: 'summer_visits',
    kind: 'ambassador_duty',
    title: '小暑来三次',
    words: '七月里来喝三次。',
    mark: 'cup',
    proof: 'counted',
    counts: 'order',
    target: 3,
    rewardPoints: 30,
    budgetPoints: 6_000,
    position: 21,
  },
  {
    obligationId: 'lotus_evening',
    kind: 'themed_activity',
    title: '荷风夜茶',
    words: '曲院边坐一晚，听雨喝茶。',
    mark: 'leaf',
    proof: 'staff_scan',
    target: 1,
    rewardPoints: 50,
    budgetPoints: 3_000,
    position: 22,
  },
  {
    obligationId: 'plum_rain_cups',
    kind: 'check_in',
    title: '梅雨天带杯来',
    words: '下雨天也带着杯子来，五次。',
    mark: 'cup',
    proof: 'staff_scan',
    target: 5,
    rewardPoints: 50,
    budgetPoints: 5_000,
    position: 23,
  },
]

/**
 * Writes what members of 一盏 may do for it, one and more of each kind. On every start, not once: the tasting is on whatever day the
 * demo is looked at.
 */
export async function seedObligation(ctx: Ctx): Promise<void> {
  const now = ctx.now()
  const span = (from: number, days: number) => ({
    startsAt: businessDaysAfter(now, from),
    endsAt: new Date(endOfBusinessDay(new Date(now.getTime() + days * DAY_MS)).getTime() + 1),
  })
  const tasting = {
    startsAt: businessDaysAfter(now, -7),
    endsAt: endOfBusinessDay(new Date(now.getTime() + 14 * DAY_MS)),
  }
  await seedHonour(ctx)
  await ctx.db.obligation.createMany({
    data: [
      { ...AUTUMN_TASTING, ...tasting },
      ...ALL_YEAR.map((duty) => ({ ...duty, ...span(-30, 365) })),
      ...AMBASSADOR.map((duty) => ({ ...duty, ...span(-60, 365) })),
      ...PAST.map((duty) => ({ ...duty, ...span(-120, -60) })),
    ],
    skipDuplicates: true,
  })
  const { obligationId } = AUTUMN_TASTING
  await ctx.db.obligation.updateMany({ where: { obligationId, endsAt: { lte: now } }, data: tasting })
}
