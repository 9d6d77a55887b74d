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

/** One right there, one used up, one that a tier brings, one that an honour brings. */
export const everyRight: Change = () => {
  const monthly = {
    kind: 'early_access',
    payload: { hours: 24 },
    from: 'tier',
    until: null,
    quota: 2,
    period: 'month',
    unlock: null,
    backAt: null,
    tierFrom: 2,
  }
  const locked = { state: 'locked', left: 0 }
  return {
    rights: [
      {
        ...monthly,
        rightId: '1',
        title: '黄金早享',
        words: '限量新品提前 24 小时兑换，每月两次',
        state: 'available',
        left: 1,
      },
      {
        ...monthly,
        rightId: '2',
        title: '年度早享',
        words: '一年一次，提前 72 小时兑换',
        quota: 1,
        period: 'year',
        state: 'used_up',
        left: 0,
        backAt: '2026-12-31T16:00:00.000Z',
      },
      {
        ...monthly,
        ...locked,
        rightId: '3',
        title: '铂金早享',
        words: '限量新品提前 48 小时兑换，次数不限',
        quota: null,
        period: null,
        unlock: { tier: 3, honourName: null },
      },
      {
        ...monthly,
        ...locked,
        rightId: '4',
        title: '知茶人早享',
        words: '戴着知茶人勋章，每月一次提前 12 小时兑换',
        quota: 1,
        unlock: { tier: null, honourName: '知茶人' },
      },
    ],
  } satisfies Answer
}
