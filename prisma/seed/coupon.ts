import type { Ctx } from '../../bff/src/ctx'

const ONE_PER_ORDER = '每单限用一张，不与其他优惠券同用；整单退款后退回。'

/** What 一盏 promises on a future order. */
export const DEMO_COUPONS = [
  {
    templateId: 'new_8',
    title: '满 30 减 8',
    kind: 'amount_off',
    amountOffFen: 800,
    thresholdFen: 3_000,
    validDays: 30,
    rules: `新人礼里的券，全部门店可用。${ONE_PER_ORDER}`,
  },
  {
    templateId: 'packet_5',
    title: '满 25 减 5',
    kind: 'amount_off',
    amountOffFen: 500,
    thresholdFen: 2_500,
    validDays: 7,
    rules: `满 25 元可用，谢谢你来过。${ONE_PER_ORDER}`,
  },
  {
    templateId: 'mall_8',
    title: '满 30 减 8',
    kind: 'amount_off',
    amountOffFen: 800,
    thresholdFen: 3_000,
    validDays: 30,
    rules: `积分商城兑换，全部门店可用。${ONE_PER_ORDER}`,
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
    rules: `每人一张，最多减 30 元，全部门店可用。${ONE_PER_ORDER}`,
  },
]

export const seedCoupon = async (ctx: Ctx): Promise<void> => {
  await ctx.db.couponTemplate.createMany({ data: DEMO_COUPONS, skipDuplicates: true })
}
