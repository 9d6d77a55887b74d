import type { Ctx } from '../../bff/src/ctx'

const EARLY = { kind: 'early_access', startsAt: new Date('2026-01-01T00:00:00+08:00') }

/** Who comes before the public in the mall of 一盏. */
export const DEMO_RIGHTS = [
  {
    ...EARLY,
    rightId: 'early_gold',
    title: '黄金早享',
    words: '限量新品提前 24 小时兑换，每月两次',
    tierFrom: 2,
    quota: 2,
    period: 'month',
    payload: { hours: 24 },
    position: 1,
  },
  {
    ...EARLY,
    rightId: 'early_platinum',
    title: '铂金早享',
    words: '限量新品提前 48 小时兑换，次数不限',
    tierFrom: 3,
    payload: { hours: 48 },
    position: 2,
  },
  {
    ...EARLY,
    rightId: 'early_tea_knower',
    title: '知茶人早享',
    words: '戴着知茶人勋章，每月一次提前 12 小时兑换',
    honourId: 'tea_knower',
    quota: 1,
    period: 'month',
    payload: { hours: 12 },
    position: 3,
  },
]

/** Writes the rights of the demo brand; writing them again changes nothing. */
export const seedRight = async (ctx: Ctx): Promise<void> => {
  await ctx.db.right.createMany({ data: DEMO_RIGHTS, skipDuplicates: true })
}
