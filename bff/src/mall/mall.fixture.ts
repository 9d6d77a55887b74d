import { randomUUID } from 'node:crypto'
import { type RewardWish, seedRewards } from '../../../prisma/seed/mall'
import { newMember, type Person, type TestHouse } from '../../../test/support/people'
import type { Ctx } from '../ctx'
import { award } from '../member/member.fixture'
import { exchangeReward } from './exchange-reward'

export const DAY = 86_400_000
export const HOUR = 3_600_000

/** A reward of its own for a test: 100 points, ready at once, without limits unless wished for. */
export async function newReward(
  test: TestHouse,
  wish: Partial<RewardWish> & { slots?: number } = {},
): Promise<RewardWish> {
  const { slots, ...rest } = wish
  const reward: RewardWish = {
    rewardId: `r-${randomUUID().slice(0, 20)}`,
    title: '桂花乌龙 一盏',
    subtitle: '现泡一杯',
    art: 'cup',
    kind: 'pickup',
    points: 100,
    rules: '任一门店领取。',
    ...rest,
  }
  await seedRewards(test.as(), [reward], slots)
  return reward
}

/** A member with points to spend. */
export async function saver(test: TestHouse, points = 1_000): Promise<Person> {
  const member = await newMember(test)
  if (points > 0) await award(test, member.memberId, { points })
  return member
}

export const savers = async (test: TestHouse, count: number, points = 1_000): Promise<Person[]> => {
  const all: Person[] = []
  for (let n = 0; n < count; n++) all.push(await saver(test, points))
  return all
}

export const exchange = (ctx: Ctx, { rewardId, points }: Pick<RewardWish, 'rewardId' | 'points'>, requestId?: string) =>
  exchangeReward(ctx, { requestId: requestId ?? randomUUID(), rewardId, points })

/** What the books say of a member: spendable points, exchanges that stand, and what they charged. */
export async function booksOf({ db }: Ctx, memberId: string) {
  const where = { memberId }
  const [account, redemptions, spent, quota] = await Promise.all([
    db.account.findUniqueOrThrow({ where }),
    db.redemption.findMany({ where, orderBy: { redemptionId: 'asc' } }),
    db.effect.count({ where: { ...where, kind: 'redemption', part: 'spend' } }),
    db.rewardQuota.findMany({ where }),
  ])
  return {
    points: account.availablePoints,
    standing: redemptions.filter(({ state }) => state !== 'cancelled').length,
    cancelled: redemptions.filter(({ state }) => state === 'cancelled').length,
    charges: spent,
    taken: quota.reduce((sum, { taken }) => sum + taken, 0),
  }
}
