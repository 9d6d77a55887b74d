import { among, type Change } from './answers'

type Answer = Record<string, unknown>

const HOUR_MS = 3_600_000
const NEXT_MONTH = '2026-11-30T16:00:00.000Z'

/** One reward of the shelf otherwise than it is. */
const shelf = (rewardId: string, change: object): Change =>
  among('rewards', (one) => (one.rewardId === rewardId ? { ...one, ...change } : one))

/** The states of a limited edition that some may have early, as they are at this moment. */
export function earlyStates(now: Date) {
  const at = (hours: number) => new Date(now.getTime() + hours * HOUR_MS).toISOString()
  const early = {
    title: '黄金早享',
    opensAt: at(-2),
    state: 'available',
    left: 1,
    period: 'month',
    backAt: null,
    unlockTier: null,
  }
  const notOpen = { code: 'REWARD_NOT_OPEN', detail: { opensAt: at(22) } }
  const tin = (change: object) => shelf('spring_tin', { publicAt: at(22), opensForMeAt: at(22), ...change })
  return {
    open: tin({ opensForMeAt: at(-2), early, refusal: null }),
    usedUp: tin({
      early: { ...early, state: 'used_up', left: 0, backAt: NEXT_MONTH },
      refusal: { code: 'RIGHT_USED_UP', detail: { backAt: NEXT_MONTH } },
    }),
    locked: tin({ early: { ...early, state: 'locked', left: 0, unlockTier: 2 }, refusal: notOpen }),
    plain: tin({ early: null, earlyHours: null, refusal: notOpen }),
  }
}

export const refused = (rewardId: string, code: string, detail: object = {}, more: object = {}): Change =>
  shelf(rewardId, { refusal: { code, detail }, ...more })

/** Nothing is within reach, some of it nearly. */
export const nothingAffordable: Change = (answer) => ({
  ...among('rewards', (one) => ({
    ...one,
    refusal: one.refusal ?? { code: 'POINTS_SHORT', detail: { shortPoints: Number(one.points) - 60 } },
  }))(answer),
  points: 60,
})

export const inDebt: Change = (answer) => ({
  ...refused('glazed_bowl', 'IN_DEBT', { debtPoints: 120 })(answer),
  points: 0,
  debtPoints: 120,
})

const LIKED = ['white_bowl', 'tea_bag', 'dark_bowl']

export const liked: Change = among('rewards', (one) => ({ ...one, favourite: LIKED.includes(String(one.rewardId)) }))

/** Rights of every look: prices, a service with uses left, somebody who cares, one of a gift, one used up, three that are locked. */
export const everyRight: Change = () => {
  const own = {
    quota: null,
    period: null,
    left: null,
    backAt: null,
    unlock: null,
    tierFrom: 2,
    from: 'tier',
    until: null,
  }
  const there = { ...own, state: 'available' }
  const locked = { ...own, state: 'locked', left: 0, from: null }
  const early = (hours: number) => ({ kind: 'early_access', payload: { hours } })
  const steps = [{ from: 3, payPercent: 90 }]
  const monthly = { quota: 2, period: 'month' }
  return {
    rights: [
      {
        ...{ ...there, rightId: 'price', title: '星品会员价', words: '明星饮品按会员价，一单最多六杯' },
        ...{ kind: 'member_price', payload: { prices: { lemon_black: 1_500 } } },
      },
      {
        ...{ ...there, rightId: 'volume', title: '多杯更省', words: '饮品满 3 杯 9 折，满 5 杯 85 折，口味随便搭' },
        ...{ kind: 'volume_discount', payload: { by: 'pieces', group: 'pieces', steps } },
      },
      {
        ...{
          ...there,
          ...monthly,
          left: 1,
          rightId: 'service',
          title: '免费加料',
          words: '每月两次，任意一杯免费加一份料',
        },
        ...{ kind: 'free_service', payload: { words: '珍珠、桂花冻、奶盖，三样里选一份' } },
      },
      {
        ...{ ...there, rightId: 'manager', title: '专属茶顾问', words: '选茶、订座、送礼，找一个人就好' },
        kind: 'service_manager',
        contact: {
          ...{ name: '沈之清', wechatId: 'yizhan_shenzq', phone: '0571-87001066', hours: '每天 10:00–21:00' },
          words: '想喝什么、想送谁，告诉我就行。',
        },
      },
      {
        ...{ ...there, ...early(48), from: 'gift', until: '2026-12-31T15:59:59.000Z', rightId: 'given' },
        ...{ title: '铂金早享', words: '限量新品提前 48 小时兑换，次数不限' },
      },
      {
        ...{
          ...own,
          ...early(72),
          state: 'used_up',
          left: 0,
          quota: 1,
          period: 'year',
          backAt: '2026-12-31T16:00:00.000Z',
        },
        ...{ rightId: 'used', title: '年度早享', words: '一年一次，提前 72 小时兑换' },
      },
      {
        ...{ ...locked, kind: 'points_multiplier', payload: { percent: 200, weekdays: [2] }, rightId: 'tuesday' },
        ...{ title: '周二双倍积分', words: '每个星期二，积分翻倍', unlock: { tier: 5, honourName: null } },
      },
      {
        ...{ ...locked, ...early(12), ...monthly, rightId: 'honour', unlock: { tier: null, honourName: '知茶人' } },
        ...{ title: '知茶人早享', words: '戴着知茶人勋章，每月一次提前 12 小时兑换' },
      },
      {
        ...{ ...locked, kind: 'trial_pack', payload: { giftId: 'tea' }, rightId: 'gift' },
        ...{ title: '岩茶体验装', words: '到店领一份小样', unlock: { tier: null, honourName: null } },
      },
    ],
  } satisfies Answer
}
