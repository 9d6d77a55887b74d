import { markOf, stateWords, uses, wayOf } from './right-words'
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
const used = one({ state: 'used_up', left: 0, backAt: '2026-11-30T16:00:00.000Z' })
const locked = one({ state: 'locked', left: 0, unlock: { tier: 3, honourName: null } })

test('each state has a word, a sign and what it means for now', () => {
  expect(stateWords(one(), NOW)).toEqual({ tag: '可用', foot: '本月还剩 1 次' })
  expect(stateWords(used, NOW)).toEqual({ tag: '本月用完', foot: '12 月 1 日恢复' })
  expect(stateWords(locked, NOW)).toEqual({ tag: '未解锁', foot: '升到铂金' })
  expect(new Set([one(), used, locked].map(({ state }) => markOf(state))).size).toBe(3)
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
  expect(wayOf(used)).toBeNull()
  expect(wayOf(locked)).toEqual({ words: '怎么升级', path: '/pages/tier/tier' })
  expect(wayOf({ ...locked, unlock: { tier: null, honourName: '惜杯人' } })).toEqual({
    words: '怎么得到',
    path: '/pages/obligation/obligations',
  })
})
