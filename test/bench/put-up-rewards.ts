import { ctxOf, type House } from '../../bff/src/ctx'
import { STOCK_SLOTS, seedRewards } from '../../prisma/seed/mall'
import { HOT_REWARD, REWARD_POINTS, SPREAD_REWARDS, spreadReward } from './rewards'

/** Rewards that never run out, each in as many slots as those of the demo. */
export function putUpRewards(house: House): Promise<void> {
  const spread = Array.from({ length: SPREAD_REWARDS }, (_, n) => spreadReward(n))
  const rewards = [...spread, HOT_REWARD].map((rewardId) => ({
    rewardId,
    title: '桂花乌龙 一盏',
    subtitle: '现泡一杯',
    art: 'cup',
    kind: 'pickup' as const,
    points: REWARD_POINTS,
    stockTotal: 1_000_000_000,
    rules: '任一门店领取。',
  }))
  return seedRewards(ctxOf(house), rewards, STOCK_SLOTS)
}
