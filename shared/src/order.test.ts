import { earningOf } from './ledger'
import { quoteWords } from './order'
import { DEMO_POLICY } from './policy'

const now = new Date('2026-11-22T04:00:00.000Z')
const words = (amountFen: number, growthAfter: number, tierBefore: number, tierAfter: number) =>
  quoteWords(
    { earning: earningOf(amountFen, now, DEMO_POLICY), growthAfter, tierBefore, tierAfter },
    now,
    DEMO_POLICY,
  )

test('tells the points, from when they count, and what is missing to the next tier', () => {
  expect(words(6_800, 908, 1, 1)).toEqual(['获得 68 积分，12 月 7 日生效', '再积 92 成长值升黄金'])
})

test('tells the tier that the order lifts to', () => {
  expect(words(100_000, 1_840, 1, 2)).toEqual(['获得 1,000 积分，12 月 7 日生效', '成长值满 1,840，升为黄金'])
})

test('says so when the amount is too small to earn anything', () => {
  expect(words(99, 840, 1, 1)[0]).toBe('金额不足，这一单不积分')
})

test('has nothing to add at the top', () => {
  expect(words(6_800, 40_068, 6, 6)).toEqual(['获得 68 积分，12 月 7 日生效'])
})
