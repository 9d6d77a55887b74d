import { effectOf } from './right-effect'
import { groupsOf, markOf, stateWords, uses, wayOf } from './right-words'
import type { OwnRight } from './rights'

const NOW = new Date('2026-11-22T04:00:00Z')
type Early = Extract<OwnRight, { kind: 'early_access' }>
const one = (more: Partial<Early> = {}): Early => ({
  rightId: 'gold_early',
  kind: 'early_access',
  title: '黄金早享',
  words: '限量商品提前 24 小时换',
  state: 'available',
  left: 1,
  quota: 1,
  period: 'month',
  backAt: null,
  unlock: null,
  tierFrom: 2,
  payload: { hours: 24 },
  from: 'tier',
  until: null,
  ...more,
})
const of = (kind: OwnRight['kind'], payload: unknown) => ({ ...one(), kind, payload }) as OwnRight
const used = one({ state: 'used_up', left: 0, backAt: '2026-11-30T16:00:00.000Z' })
const locked = one({ state: 'locked', left: 0, from: null, unlock: { tier: 3, honourName: null } })
const scope = null
const EVERY: OwnRight[] = [
  of('member_price', { prices: { a: 1_900, b: 1_500 } }),
  of('tier_discount', { payPercent: 85, scope }),
  of('volume_discount', {
    by: 'pieces',
    steps: [
      { from: 3, payPercent: 90 },
      { from: 5, payPercent: 85 },
    ],
    scope,
    group: 'p',
  }),
  of('volume_discount', { by: 'amount', steps: [{ from: 10_000, offFen: 1_000 }], scope, group: 'a' }),
  of('repurchase_discount', { payPercent: 95, withinDays: 30, scope }),
  of('points_multiplier', { percent: 150 }),
  of('points_multiplier', { percent: 200, weekdays: [2, 7] }),
  one(),
  of('free_service', { words: '加一份料' }),
  of('birthday_gift', { giftId: 'birthday' }),
  of('limited_edition', { rewardId: 'bowl' }),
]

test('each kind says what it does in a few signs', () => {
  expect(EVERY.map(effectOf)).toEqual([
    ...['¥15 起', '85 折', '满 3 件 9 折', '满 100 减 10', '95 折', '1.5 倍', '周二、周日 2 倍', '早 24 小时', '免费'],
    ...[null, null],
  ])
})

test('each state says what it means for now, with a sign of its own', () => {
  expect([one(), used, locked].map((right) => stateWords(right, NOW))).toEqual([
    '本月还剩 1 次',
    '本月用完，12 月 1 日恢复',
    '升到铂金',
  ])
  expect(stateWords(one({ quota: null, period: null, left: null }), NOW)).toBe('一直都在')
  expect(stateWords({ ...of('trial_pack', { giftId: 'tea' }), quota: null }, NOW)).toBe('每人一份')
  const given = one({ quota: null, period: null, left: null, from: 'gift', until: '2026-12-22T04:00:00.000Z' })
  expect(stateWords(given, NOW)).toBe('礼包带来，用到 12 月 22 日')
  expect(new Set([one(), used, locked].map(markOf)).size).toBe(3)
})

test('what can be used stands first, then what comes back, then what is to come; nothing is lost', () => {
  const groups = groupsOf([locked, used, one(), one({ rightId: 'other' })])
  expect(groups.map(({ title, rights }) => [title, rights.length])).toEqual([
    ['现在能用 · 2', 2],
    ['用完了，会回来 · 1', 1],
    ['还没解锁 · 1', 1],
  ])
  expect(groupsOf([locked]).map(({ state }) => state)).toEqual(['locked'])
})

test('a dot for each use, where that says something', () => {
  expect(uses(one({ quota: 3, left: 1 }))).toEqual([true, false, false])
  expect(uses(used)).toEqual([false])
  expect([uses(one({ quota: null, left: null })), uses(one({ quota: 30, left: 30 })), uses(locked)]).toEqual([
    null,
    null,
    null,
  ])
})

test('the way leads to where it is used, or to what brings it', () => {
  expect(wayOf(one())).toEqual({ words: '去商城看看', tab: 'mall' })
  expect(EVERY.map((right) => wayOf(right)?.words)).toEqual([
    ...Array(5).fill('去菜单看价'),
    ...['出示会员码', '出示会员码', '去商城看看', '出示会员码', '去看礼包', '看看留着的'],
  ])
  expect(wayOf(used)).toBeNull()
  expect(wayOf(locked)).toEqual({ words: '怎么升级', path: '/pages/tier/tier' })
  expect(wayOf({ ...locked, unlock: { tier: null, honourName: '惜杯人' } })).toEqual({
    words: '怎么得到',
    path: '/pages/honour/honours',
  })
  expect(wayOf({ ...locked, unlock: { tier: null, honourName: null } })).toBeNull()
})
