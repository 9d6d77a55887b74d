import { endOfMonthAfter, startOfBusinessDay } from '@huiyuan/shared/time'
import type { Ctx } from '../../bff/src/ctx'
import { memberOfPhone } from './people'

export const DEMO_HONOURS = [
  {
    honourId: 'tea_knower',
    name: '知茶人',
    mark: 'leaf',
    words: '和我们一起坐下来，喝过一季新茶的人',
    termMonths: null,
    position: 1,
  },
  {
    honourId: 'cup_keeper',
    name: '惜杯人',
    mark: 'cup',
    words: '十次带着自己的杯子来，少用了十只纸杯',
    termMonths: 12,
    position: 2,
  },
  {
    honourId: 'ambassador',
    name: '一盏大使',
    mark: 'bowl',
    words: '每个月替一盏做三件小事，新茶也先到手里',
    kind: 'title',
    termMonths: 12,
    dutyCount: 3,
    warnDays: 7,
    position: 3,
  },
] as const

/** Writes the honours of 一盏; on every start, for obligations name them. */
export async function seedHonour(ctx: Ctx): Promise<void> {
  await ctx.db.honour.createMany({ data: [...DEMO_HONOURS], skipDuplicates: true })
}

const ON_THE_WALL = 26

const MEI = '+8613800003318'

/** Mei's title, of this month, so that no duty is asked of her before the next one; and a wall that is a page and a bit long. */
export async function seedWearers(ctx: Ctx, now: Date): Promise<void> {
  const monthStart = new Date(endOfMonthAfter(now, -1).getTime() + 1)
  await ctx.sql('honour_grant', { memberId: await memberOfPhone(ctx, MEI), honourId: 'ambassador', at: monthStart })
  const people = await ctx.db.$queryRaw<{ memberId: string; joinedAt: Date }[]>`
    SELECT member_id AS "memberId", joined_at AS "joinedAt" FROM member JOIN identity USING (member_id)
      WHERE kind = 'wechat_openid' AND subject ~ '^o_seed_[0-9]+$' ORDER BY subject LIMIT ${ON_THE_WALL}`
  for (const { memberId, joinedAt } of people) {
    const at = startOfBusinessDay(new Date((joinedAt.getTime() + now.getTime()) / 2))
    await ctx.sql('honour_grant', { memberId, honourId: 'tea_knower', at })
    await ctx.db.honourHeld.updateMany({ where: { memberId, honourId: 'tea_knower' }, data: { wallAt: at } })
  }
}
