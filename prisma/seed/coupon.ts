import type { Ctx } from '../../bff/src/ctx'

const WHOLE_ORDER = '每单用一张整单券，还能再配一张单品券；整单退款后退回。'
const ONE_KIND = '每单用一张单品券，可以和整单券一起用；整单退款后退回。'

/** What 一盏 promises on a future order. */
export const DEMO_COUPONS = [
  {
    templateId: 'new_8',
    title: '满 30 减 8',
    kind: 'amount_off',
    amountOffFen: 800,
    thresholdFen: 3_000,
    validDays: 30,
    rules: `新人礼里的券，全部门店可用。${WHOLE_ORDER}`,
  },
  {
    templateId: 'packet_5',
    title: '满 25 减 5',
    kind: 'amount_off',
    amountOffFen: 500,
    thresholdFen: 2_500,
    validDays: 7,
    rules: `满 25 元可用，谢谢你来过。${WHOLE_ORDER}`,
  },
  {
    templateId: 'mall_8',
    title: '满 30 减 8',
    kind: 'amount_off',
    amountOffFen: 800,
    thresholdFen: 3_000,
    validDays: 30,
    rules: `积分商城兑换，全部门店可用。${WHOLE_ORDER}`,
  },
  {
    templateId: 'birthday_12',
    title: '生日券 12 元',
    kind: 'amount_off',
    amountOffFen: 1_200,
    thresholdFen: 0,
    validDays: 14,
    rules: `生日礼里的券，全部门店可用。${WHOLE_ORDER}`,
  },
  {
    templateId: 'trial_10',
    title: '满 40 减 10',
    kind: 'amount_off',
    amountOffFen: 1_000,
    thresholdFen: 4_000,
    validDays: 30,
    rules: `取走体验装后送的回访券，全部门店可用。${WHOLE_ORDER}`,
  },
  {
    templateId: 'autumn_88',
    title: '秋日 88 折',
    kind: 'percent_off',
    payPercent: 88,
    maxOffFen: 3_000,
    thresholdFen: 0,
    validDays: 14,
    totalLimit: 500,
    perPersonLimit: 1,
    claimable: true,
    rules: `每人一张，最多减 30 元，全部门店可用。${WHOLE_ORDER}`,
  },
  {
    templateId: 'tea_3',
    title: '原叶茶立减 3 元',
    kind: 'amount_off',
    amountOffFen: 300,
    thresholdFen: 1_600,
    validDays: 14,
    perPersonLimit: 1,
    claimable: true,
    stackingGroup: 'item',
    scope: { categories: ['tea'] },
    rules: `每人一张，原叶茶满 16 元可用，全部门店可用。${ONE_KIND}`,
  },
  {
    templateId: 'winter_5',
    title: '暖冬满 40 减 5',
    kind: 'amount_off',
    amountOffFen: 500,
    thresholdFen: 4_000,
    validDays: 14,
    perPersonLimit: 1,
    claimable: true,
    budgetFen: 100_000,
    faceFen: 500,
    rules: `每人一张，送完 1,000 元为止，全部门店可用。${WHOLE_ORDER}`,
  },
]

export const seedCoupon = async (ctx: Ctx): Promise<void> => {
  await ctx.db.couponTemplate.createMany({ data: DEMO_COUPONS, skipDuplicates: true })
}
