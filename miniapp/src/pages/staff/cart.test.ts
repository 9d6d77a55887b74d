/// <reference types="jest" />
import { cartOf, entriesOf, type Pieces, withOne, withoutOne } from './cart'
import { pointsWords, type Service, serviceWords } from './counter-words'

const NOW = new Date('2026-11-22T06:00:00.000Z')

test('pieces are counted in the order in which each came first; the one that came last goes first', () => {
  const pieces = ['tea', 'cookie', 'tea'].reduce<Pieces>(withOne, [])
  expect(entriesOf(pieces)).toEqual([
    { sku: 'tea', qty: 2 },
    { sku: 'cookie', qty: 1 },
  ])
  expect(withoutOne(pieces, 'tea')).toEqual(['tea', 'cookie'])
  expect(withoutOne(pieces, 'nothing')).toEqual(pieces)
})

test('no more fits into one order than the server takes', () => {
  const ninetyNine = Array.from({ length: 99 }, () => 'tea')
  expect(withOne(ninetyNine, 'tea')).toHaveLength(99)
  const sixty = Array.from({ length: 60 }, (_, n) => `sku-${n}`)
  expect(withOne(sixty, 'one-more')).toHaveLength(60)
  expect(withOne(sixty, 'sku-7')).toHaveLength(61)
})

test('a cart is articles, an amount, both, or nothing yet', () => {
  const lines = [{ sku: 'tea', qty: 2 }]
  expect(cartOf(lines, 0)).toEqual({ lines })
  expect(cartOf(lines, 500)).toEqual({ lines, fullFen: 500 })
  expect(cartOf([], 500)).toEqual({ fullFen: 500 })
  expect(cartOf([], 0)).toBeNull()
})

test('points say what they could pay, or do', () => {
  const most = { mostPoints: 600, mostOffFen: 600 }
  expect(pointsWords({ used: 0, offFen: 0, ...most })).toBe('用 600 积分抵 ¥6.00')
  expect(pointsWords({ used: 500, offFen: 500, ...most })).toBe('已用 500 积分，抵 ¥5.00')
  expect(pointsWords({ used: 0, offFen: 0, mostPoints: 0, mostOffFen: 0 })).toBeNull()
})

test.each<[Partial<Service>, string]>([
  [{}, '这个月还有 2 次'],
  [{ left: null, period: null }, '不限次'],
  [{ state: 'used_up', left: 0, backAt: '2026-11-30T16:00:00.000Z' }, '用完了，12 月 1 日再来'],
  [{ state: 'used_up', left: 0 }, '用完了'],
])('a free service says how often it is there: %j', (part, words) => {
  const service: Service = {
    rightId: 'r',
    title: '免费加料',
    words: '',
    state: 'available',
    left: 2,
    period: 'month',
    backAt: null,
  }
  expect(serviceWords({ ...service, ...part }, NOW)).toBe(words)
})
