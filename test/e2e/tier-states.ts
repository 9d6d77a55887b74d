import { endOfMonthAfter } from '@huiyuan/shared/time'
import type { Change } from './answers'
import { pictureTime } from './shifted-clock'

const now = pictureTime()
const days = (count: number) => new Date(now.getTime() + count * 86_400_000).toISOString()
const monthEnd = (months: number) => endOfMonthAfter(now, months).toISOString()
const change = (daysAgo: number, before: number, after: number, reason: string, words: string) => ({
  at: days(-daysAgo),
  before,
  after,
  reason,
  words,
})
const ONE_YEAR = [90, 210, 40, 160, 120, 0, 260, 180, 60, 140, 230, 150]
const leaving = (growths: number[]) =>
  growths.map((growth, n) => ({ at: days(n * 30 + 4), growth })).filter(({ growth }) => growth > 0)

/** Twelve more days, and too little growth. */
export const tierEnding: Change = (explained) => ({
  ...explained,
  tier: 3,
  growth: 1_640,
  since: days(-350),
  validUntil: monthEnd(0),
  next: { tier: 4, needGrowth: 3_360, atGrowth: 5_000, fromGrowth: 2_000 },
  keep: { needGrowth: 450, by: monthEnd(0), countsAtEnd: 1_550, landsOn: 2 },
  leaving: leaving(ONE_YEAR),
  sources: [{ reason: 'purchase', count: 41, growth: 1_640, words: '消费 41 单' }],
  history: [change(350, 2, 3, 'raised', '升到铂金'), change(610, 1, 2, 'raised', '升到黄金')],
  warning: '差 450 成长值就能留住铂金，11 月 30 日前都算；不够的话会先到黄金，一步一步来。',
})

/** One step lower since a few days ago. */
export const tierLanded: Change = (explained) => ({
  ...explained,
  tier: 2,
  growth: 430,
  since: days(-6),
  validUntil: monthEnd(11),
  next: { tier: 3, needGrowth: 1_570, atGrowth: 2_000, fromGrowth: 1_000 },
  keep: { needGrowth: 940, by: monthEnd(11), countsAtEnd: 60, landsOn: 1 },
  leaving: leaving([0, 0, 90, 120, 0, 60, 100, 0, 0, 0, 0, 0, 60]),
  sources: [
    { reason: 'purchase', count: 9, growth: 330, words: '消费 9 单' },
    { reason: 'merged_in', count: 3, growth: 100, words: '老会员卡并入' },
  ],
  history: [
    change(6, 3, 2, 'landed', '从铂金先到黄金，一步一步来'),
    change(371, 3, 3, 'kept', '留住铂金，再用 12 个月'),
    change(730, 1, 3, 'raised', '升到铂金'),
  ],
  warning: null,
})

/** Nothing is above. */
export const tierTop: Change = (explained) => ({
  ...explained,
  tier: 6,
  growth: 38_460,
  validUntil: monthEnd(7),
  next: null,
  keep: { needGrowth: 0, by: monthEnd(7), countsAtEnd: 31_200, landsOn: 5 },
  leaving: leaving(ONE_YEAR.map((growth, n) => growth * (n < 7 ? 8 : 40))),
  sources: [{ reason: 'purchase', count: 166, growth: 38_460, words: '消费 166 单' }],
  history: [change(140, 5, 6, 'raised', '升到黑钻'), change(300, 4, 5, 'raised', '升到金钻')],
  warning: null,
})
