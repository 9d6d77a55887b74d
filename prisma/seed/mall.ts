import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx } from '../../bff/src/ctx'

/** Stock is spread over so many slots, so that as many may take from one reward at once. */
export const STOCK_SLOTS = 16

/** What a brand says of a reward. Days count from the day of seeding. */
export interface RewardWish {
  rewardId: string
  title: string
  subtitle: string
  art: string
  kind: 'pickup' | 'coupon'
  points: number
  rules: string
  marketFen?: number
  tierGate?: number
  perPersonLimit?: number
  stockTotal?: number
  numbered?: boolean
  publicInDays?: number
  earlyTier?: number
  earlyHours?: number
  endsInDays?: number
  prepareHours?: number
  pickupDays?: number
  couponTemplateId?: string
  listed?: boolean
}

const AT_ANY_SHOP = '任一门店出示取货码领取，逾期未取积分退回原批次。'

/** The shelf of 一盏, in the order in which it is shown. */
export const DEMO_REWARDS: readonly RewardWish[] = [
  {
    rewardId: 'autumn_cup',
    title: '桂花乌龙 一盏',
    subtitle: '现泡一杯，今天就能喝',
    art: 'cup',
    kind: 'pickup',
    points: 180,
    marketFen: 1_800,
    pickupDays: 7,
    rules: `中杯热饮或冰饮任选。${AT_ANY_SHOP}`,
  },
  {
    rewardId: 'coupon_8',
    title: '满 30 减 8 元券',
    subtitle: '下一单就能用',
    art: 'ticket',
    kind: 'coupon',
    points: 80,
    couponTemplateId: 'mall_8',
    rules: '兑换后放进卡券，按券面日期使用；兑换成功后不退。',
  },
  {
    rewardId: 'peach_jar',
    title: '白桃乌龙 罐装',
    subtitle: '60 克，回家慢慢泡',
    art: 'jar',
    kind: 'pickup',
    points: 580,
    marketFen: 6_800,
    stockTotal: 320,
    perPersonLimit: 2,
    prepareHours: 24,
    rules: `备货约一天。${AT_ANY_SHOP}`,
  },
  {
    rewardId: 'glazed_bowl',
    title: '梅子青限量茶碗',
    subtitle: '龙泉手拉坯，每只有编号',
    art: 'bowl_green',
    kind: 'pickup',
    points: 1_200,
    marketFen: 16_800,
    stockTotal: 500,
    numbered: true,
    perPersonLimit: 1,
    prepareHours: 48,
    earlyTier: 3,
    earlyHours: 48,
    rules: `共 500 只，编号按兑换先后，碗底刻号。${AT_ANY_SHOP}`,
  },
  {
    rewardId: 'white_bowl',
    title: '白瓷小盏',
    subtitle: '薄胎，看得见茶汤',
    art: 'bowl_white',
    kind: 'pickup',
    points: 460,
    marketFen: 5_200,
    stockTotal: 240,
    prepareHours: 24,
    rules: `备货约一天。${AT_ANY_SHOP}`,
  },
  {
    rewardId: 'tea_bag',
    title: '冷泡茶袋 六枚',
    subtitle: '茉莉与青柑各三枚',
    art: 'pouch',
    kind: 'pickup',
    points: 260,
    marketFen: 2_900,
    stockTotal: 600,
    rules: `口味随门店当日搭配。${AT_ANY_SHOP}`,
  },
  {
    rewardId: 'wood_spoon',
    title: '竹制茶则',
    subtitle: '一勺正好一盏',
    art: 'spoon',
    kind: 'pickup',
    points: 320,
    marketFen: 3_600,
    stockTotal: 160,
    perPersonLimit: 2,
    rules: AT_ANY_SHOP,
  },
  {
    rewardId: 'tea_towel',
    title: '棉麻茶巾',
    subtitle: '越用越软',
    art: 'towel',
    kind: 'pickup',
    points: 220,
    marketFen: 2_400,
    stockTotal: 200,
    rules: AT_ANY_SHOP,
  },
  {
    rewardId: 'round_fan',
    title: '手绘团扇',
    subtitle: '秋日限定，送到这个月底',
    art: 'fan',
    kind: 'pickup',
    points: 380,
    stockTotal: 80,
    perPersonLimit: 1,
    endsInDays: 30,
    rules: `非卖品。${AT_ANY_SHOP}`,
  },
  {
    rewardId: 'spring_tin',
    title: '明前龙井 小听',
    subtitle: '铂金会员提前两天',
    art: 'tin',
    kind: 'pickup',
    points: 980,
    marketFen: 12_800,
    stockTotal: 120,
    perPersonLimit: 1,
    publicInDays: 1,
    earlyTier: 3,
    earlyHours: 48,
    prepareHours: 24,
    rules: `备货约一天。${AT_ANY_SHOP}`,
  },
  {
    rewardId: 'tasting_pair',
    title: '双人品茶席',
    subtitle: '两人一小时，茶师陪泡',
    art: 'pair',
    kind: 'pickup',
    points: 1_600,
    marketFen: 19_800,
    stockTotal: 60,
    tierGate: 2,
    perPersonLimit: 1,
    pickupDays: 60,
    rules: '黄金会员起。请提前一天致电门店留座，到店出示取货码入席。',
  },
  {
    rewardId: 'dark_bowl',
    title: '曜变天目盏',
    subtitle: '黑钻会员的一盏',
    art: 'bowl_black',
    kind: 'pickup',
    points: 6_800,
    stockTotal: 36,
    numbered: true,
    tierGate: 6,
    perPersonLimit: 1,
    prepareHours: 72,
    rules: `非卖品，共 36 只，每只有编号。${AT_ANY_SHOP}`,
  },
  {
    rewardId: 'peach_taster',
    title: '白桃乌龙体验装',
    subtitle: '两泡，新朋友的见面礼',
    art: 'pouch',
    kind: 'pickup',
    points: 0,
    pickupDays: 7,
    rules: AT_ANY_SHOP,
    listed: false,
  },
]

/** Puts the shelf of the demo brand up; putting it up again changes nothing. */
export const seedMall = (ctx: Ctx): Promise<void> => seedRewards(ctx, DEMO_REWARDS)

/** Writes rewards with their stock, spread over slots or as numbered pieces; writing them again changes nothing. */
export async function seedRewards(ctx: Ctx, wishes: readonly RewardWish[], slots = STOCK_SLOTS): Promise<void> {
  const now = ctx.now().getTime()
  await ctx.db.reward.createMany({
    data: wishes.map(({ publicInDays = -7, endsInDays, ...reward }, position) => ({
      ...reward,
      position,
      publicAt: new Date(now + publicInDays * DAY_MS),
      endsAt: endsInDays === undefined ? null : new Date(now + endsInDays * DAY_MS),
    })),
    skipDuplicates: true,
  })
  const limited = wishes.flatMap(({ rewardId, stockTotal, numbered }) =>
    stockTotal === undefined ? [] : [{ rewardId, stockTotal, numbered }],
  )
  await ctx.db.rewardPiece.createMany({
    data: limited.flatMap(({ rewardId, stockTotal, numbered }) =>
      numbered ? Array.from({ length: stockTotal }, (_, n) => ({ rewardId, pieceNo: n + 1 })) : [],
    ),
    skipDuplicates: true,
  })
  await ctx.db.rewardStock.createMany({
    data: limited.flatMap(({ rewardId, stockTotal, numbered }) =>
      numbered
        ? []
        : Array.from({ length: slots }, (_, slot) => ({
            rewardId,
            slot,
            remaining: Math.floor(stockTotal / slots) + (slot < stockTotal % slots ? 1 : 0),
          })),
    ),
    skipDuplicates: true,
  })
}
