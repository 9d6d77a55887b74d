import { besidePrice, earlyName, earlySpan, heroOf, nearestOf, openingWords, type Reward, spanWords } from './reward'
import { someReward } from './reward.fixture'

const NOW = new Date('2026-11-22T04:00:00Z')
const EARLY = {
  title: '黄金早享',
  opensAt: '2026-11-22T02:00:00.000Z',
  state: 'available' as const,
  left: 1,
  period: 'month' as const,
  backAt: null,
  unlockTier: null,
}
const short = (shortPoints: number) => ({ code: 'POINTS_SHORT' as const, detail: { shortPoints } })

test('the nearest are those that miss the fewest points, and only points', () => {
  const rewards = [
    someReward({ rewardId: 'far', refusal: short(900) }),
    someReward({ rewardId: 'mine' }),
    someReward({ rewardId: 'gone', refusal: { code: 'REWARD_GONE', detail: {} } }),
    someReward({ rewardId: 'near', refusal: short(12) }),
    someReward({ rewardId: 'next', refusal: short(120) }),
  ]
  expect(nearestOf(rewards, 2).map(({ reward, shortPoints }) => [reward.rewardId, shortPoints])).toEqual([
    ['near', 12],
    ['next', 120],
  ])
})

test('in front stands what I may have before others, what opens next, a numbered edition; a coupon never', () => {
  const numbered = someReward({ rewardId: 'bowl', numbered: true, stockTotal: 50 })
  const soon = someReward({
    rewardId: 'tin',
    stockTotal: 9,
    refusal: { code: 'REWARD_NOT_OPEN', detail: { opensAt: EARLY.opensAt } },
  })
  const spent = someReward({
    rewardId: 'tin',
    stockTotal: 9,
    refusal: { code: 'RIGHT_USED_UP', detail: { backAt: null } },
  })
  const coupon = someReward({ kind: 'coupon', stockTotal: 50, numbered: true })
  const later = someReward({ ...soon, rewardId: 'later', opensForMeAt: '2026-12-01T00:00:00.000Z' })
  const now = someReward({
    rewardId: 'now',
    stockTotal: 9,
    left: 3,
    opensForMeAt: '2026-11-22T02:00:00.000Z',
    publicAt: '2026-11-24T02:00:00.000Z',
  })
  const front = (...rewards: Reward[]) => heroOf(rewards, NOW)?.rewardId
  expect(front(coupon, numbered, later, soon)).toBe('tin')
  expect(front(numbered, spent)).toBe('tin')
  expect(front(soon, numbered, now)).toBe('now')
  expect(front({ ...now, left: 0 }, numbered)).toBe('bowl')
  expect(front(coupon, numbered)).toBe('bowl')
  expect(front(coupon, someReward())).toBeUndefined()
})

test('says how much earlier, and by which right', () => {
  const reward = someReward({ publicAt: '2026-11-24T02:00:00.000Z', early: EARLY })
  expect([24, 48, 36, 1].map(spanWords)).toEqual(['24 小时', '2 天', '36 小时', '1 小时'])
  expect(earlySpan(reward)).toBe('2 天')
  expect(earlyName(reward, NOW)).toBe('黄金早享')
  expect(earlyName(reward, new Date('2026-11-24T02:00:00Z'))).toBeNull()
  expect(openingWords(reward, NOW)).toBe('黄金早享，离开始还有')
  expect(openingWords({ ...reward, early: { ...EARLY, state: 'used_up' } }, NOW)).toBe('黄金早享用完了，离公开还有')
  expect(openingWords({ ...reward, early: { ...EARLY, state: 'locked' } }, NOW)).toBe('离开始还有')
})

test('beside the price stands why not, how many are left, or how one gets it', () => {
  const words = (more: Parameters<typeof someReward>[0]) => besidePrice(someReward(more)).words
  expect(besidePrice(someReward({ refusal: short(1_220) }))).toEqual({ words: '差 1,220 分', due: true })
  expect(words({ refusal: { code: 'TIER_NEEDED', detail: { tier: 2 } } })).toBe('黄金起')
  expect(words({ refusal: { code: 'REWARD_LIMIT', detail: { limit: 1 } } })).toBe('换过了')
  expect(words({ refusal: { code: 'RIGHT_USED_UP', detail: { backAt: null } } })).toBe('还没开始')
  expect(words({ refusal: { code: 'REWARD_OVER', detail: {} } })).toBe('已下架')
  expect(words({ refusal: { code: 'IN_DEBT', detail: { debtPoints: 5 } } })).toBe('先补积分')
  expect(words({ left: 0 })).toBe('换完了')
  expect([words({ left: 3 }), words({ left: 3, kind: 'service' }), words({ left: 3, kind: 'coupon' })]).toEqual([
    '剩 3 件',
    '剩 3 次',
    '剩 3 张',
  ])
  expect((['pickup', 'service', 'coupon', 'partner_code'] as const).map((kind) => words({ kind }))).toEqual([
    '门店自取',
    '到店使用',
    '立刻到账',
    '立刻给码',
  ])
})
