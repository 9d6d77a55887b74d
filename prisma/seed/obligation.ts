import { businessDaysAfter, DAY_MS, endOfBusinessDay } from '@huiyuan/shared/time'
import type { Ctx } from '../../bff/src/ctx'
import { seedHonour } from './honour'

const AUTUMN_TASTING = {
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

const OWN_CUP = {
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
}

/**
 * Writes what members of 一盏 may do for it. On every start, not once: the tasting is on whatever day the demo is
 * looked at.
 */
export async function seedObligation(ctx: Ctx): Promise<void> {
  const now = ctx.now()
  const tasting = {
    startsAt: businessDaysAfter(now, -7),
    endsAt: endOfBusinessDay(new Date(now.getTime() + 14 * DAY_MS)),
  }
  const cups = {
    startsAt: businessDaysAfter(now, -30),
    endsAt: endOfBusinessDay(new Date(now.getTime() + 365 * DAY_MS)),
  }
  await seedHonour(ctx)
  await ctx.db.obligation.createMany({
    data: [
      { ...AUTUMN_TASTING, ...tasting },
      { ...OWN_CUP, ...cups },
    ],
    skipDuplicates: true,
  })
  const { obligationId } = AUTUMN_TASTING
  await ctx.db.obligation.updateMany({ where: { obligationId, endsAt: { lte: now } }, data: tasting })
}
