import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx } from '../../bff/src/ctx'
import { loadRights } from '../../bff/src/right/load-rights'
import type { RightForm } from '../../bff/src/right/right-form'

const startsAt = new Date('2026-01-01T00:00:00+08:00')
const DRINKS = ['tea', 'milk', 'fruit']
const MENU = [...DRINKS, 'snack', 'leaf']

/** Who comes before the public, in the mall of 一盏 and on its menu. */
const EARLY: RightForm[] = [
  {
    rightId: 'early_gold',
    kind: 'early_access',
    title: '黄金早享',
    words: '限量新品提前 24 小时兑换，每月两次',
    tierFrom: 2,
    quota: 2,
    period: 'month',
    payload: { hours: 24 },
    startsAt,
  },
  {
    rightId: 'early_platinum',
    kind: 'early_access',
    title: '铂金早享',
    words: '限量新品提前 48 小时兑换，次数不限',
    tierFrom: 3,
    payload: { hours: 48 },
    startsAt,
  },
  {
    rightId: 'early_tea_knower',
    kind: 'early_access',
    title: '知茶人早享',
    words: '戴着知茶人勋章，每月一次提前 12 小时兑换',
    honourId: 'tea_knower',
    quota: 1,
    period: 'month',
    payload: { hours: 12 },
    startsAt,
  },
  {
    rightId: 'early_ambassador',
    kind: 'early_access',
    title: '大使早享',
    words: '一盏大使，每月四次提前 24 小时兑换',
    honourId: 'ambassador',
    quota: 4,
    period: 'month',
    payload: { hours: 24 },
    startsAt,
  },
]

/** What makes a price. Each names what it counts for, so that an amount typed at the counter stays as it was typed. */
const PRICES: RightForm[] = [
  {
    rightId: 'member_price_star',
    kind: 'member_price',
    title: '星品会员价',
    words: '明星饮品按会员价，一单最多六杯',
    tierFrom: 2,
    payload: { prices: { osmanthus_milk: 1_900, longjing_milk: 1_700, lemon_black: 1_500 }, maxPieces: 6 },
    startsAt,
  },
  {
    rightId: 'tier_leaf',
    kind: 'tier_discount',
    title: '茶叶会员折',
    words: '带走的茶 8 折',
    tierFrom: 4,
    payload: { payPercent: 80, scope: { categories: ['leaf'] } },
    startsAt,
  },
  {
    rightId: 'volume_3',
    kind: 'volume_discount',
    title: '多杯更省',
    words: '饮品满 3 杯 9 折，满 5 杯 85 折，口味随便搭',
    tierFrom: 1,
    payload: {
      by: 'pieces',
      steps: [
        { from: 3, payPercent: 90 },
        { from: 5, payPercent: 85 },
      ],
      scope: { categories: DRINKS },
      group: 'pieces',
    },
    startsAt,
  },
  {
    rightId: 'volume_100',
    kind: 'volume_discount',
    title: '满百减',
    words: '满 100 减 10，满 200 减 25，和多杯更省一起用',
    tierFrom: 1,
    payload: {
      by: 'amount',
      steps: [
        { from: 10_000, offFen: 1_000 },
        { from: 20_000, offFen: 2_500 },
      ],
      scope: { categories: MENU },
      group: 'amount',
    },
    startsAt,
  },
  {
    rightId: 'repurchase_30',
    kind: 'repurchase_discount',
    title: '老味道',
    words: '30 天内买过的同款再买 95 折',
    tierFrom: 2,
    payload: { payPercent: 95, withinDays: 30, scope: { categories: MENU } },
    startsAt,
  },
]

const POINTS: RightForm[] = [
  {
    rightId: 'multiplier_black',
    kind: 'points_multiplier',
    title: '黑钻 1.5 倍积分',
    words: '每一单都按 1.5 倍积分',
    tierFrom: 6,
    payload: { percent: 150 },
    startsAt,
  },
  {
    rightId: 'multiplier_tuesday',
    kind: 'points_multiplier',
    title: '周二双倍积分',
    words: '每个星期二，积分翻倍',
    tierFrom: 5,
    payload: { percent: 200, weekdays: [2] },
    startsAt,
  },
]

const CARE: RightForm[] = [
  {
    rightId: 'upgrade_free',
    kind: 'free_service',
    title: '免费加料',
    words: '每月两次，任意一杯免费加一份料',
    tierFrom: 2,
    quota: 2,
    period: 'month',
    payload: { words: '珍珠、桂花冻、奶盖，三样里选一份' },
    startsAt,
  },
  {
    rightId: 'limited_cup',
    kind: 'limited_edition',
    title: '黑钻限量预留',
    words: '限量茶碗为黑钻会员留着，每年一只',
    tierFrom: 6,
    quota: 1,
    period: 'year',
    payload: { rewardId: 'glazed_bowl' },
    startsAt,
  },
  {
    rightId: 'birthday',
    kind: 'birthday_gift',
    title: '生日礼',
    words: '生日前后几天，来领一份心意',
    tierFrom: 1,
    payload: { giftId: 'birthday' },
    startsAt,
  },
  {
    rightId: 'trial_tea',
    kind: 'trial_pack',
    title: '岩茶体验装',
    words: '到店领一份小样，喝得惯再买',
    tierFrom: 1,
    payload: { giftId: 'trial_tea' },
    startsAt,
  },
  {
    rightId: 'manager_black',
    kind: 'service_manager',
    title: '专属茶顾问',
    words: '选茶、订座、送礼，找一个人就好',
    tierFrom: 6,
    payload: {
      name: '沈之清',
      wechatId: 'yizhan_shenzq',
      phone: '0571-87001066',
      hours: '每天 10:00–21:00',
      words: '想喝什么、想送谁，告诉我就行。',
    },
    startsAt,
  },
]

export const DEMO_RIGHTS: readonly RightForm[] = [...EARLY, ...PRICES, ...POINTS, ...CARE].map((right, n) => ({
  ...right,
  position: n + 1,
}))

/** Pieces of the numbered bowl that wait for black diamond members, for a month from the day of seeding. */
export const DEMO_RESERVE = { rightId: 'limited_cup', rewardId: 'glazed_bowl', piecesLeft: 20 }

/** Writes the rights of the demo brand; writing them again changes nothing. */
export async function seedRight(ctx: Ctx): Promise<void> {
  await loadRights(ctx, DEMO_RIGHTS)
  const until = new Date(ctx.now().getTime() + 30 * DAY_MS)
  await ctx.db.rightReserve.createMany({ data: [{ ...DEMO_RESERVE, until }], skipDuplicates: true })
}
