import fc from 'fast-check'
import { earningOf } from './ledger'
import { quoteWords, returnableUntil, returnedShare, returnRefusal } from './order'
import { DEMO_POLICY } from './policy'

const now = new Date('2026-11-22T04:00:00.000Z')
const words = (amountFen: number, growthAfter: number, tierBefore: number, tierAfter: number) =>
  quoteWords({ earning: earningOf(amountFen, now, DEMO_POLICY), growthAfter, tierBefore, tierAfter }, now, DEMO_POLICY)

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

describe('taking back', () => {
  const order = { state: 'settled', settledAt: now }
  const refusal = (at: string, role: 'clerk' | 'manager' = 'clerk', of = order) =>
    returnRefusal(of, role, new Date(at), DEMO_POLICY)

  test('is open to a clerk until the points become spendable, to the millisecond', () => {
    expect(returnableUntil(now, DEMO_POLICY).toISOString()).toBe('2026-12-06T15:59:59.999Z')
    expect(earningOf(6_800, now, DEMO_POLICY).activeAt.toISOString()).toBe('2026-12-06T16:00:00.000Z')
    expect(refusal('2026-12-06T15:59:59.999Z')).toBeNull()
    expect(refusal('2026-12-06T16:00:00.000Z')).toEqual({
      code: 'RETURN_OVER',
      detail: { until: '2026-12-06T15:59:59.999Z' },
    })
  })

  test('is open to a manager at any time, and to nobody twice', () => {
    expect(refusal('2027-12-06T16:00:00.000Z', 'manager')).toBeNull()
    expect(refusal('2026-11-23T00:00:00.000Z', 'manager', { ...order, state: 'returned' })).toEqual({
      code: 'RETURN_DONE',
      detail: {},
    })
  })
})

describe('what a part of the amount takes back', () => {
  const whole = fc.record({
    award: fc.integer({ min: 0, max: 300_000 }),
    amountFen: fc.integer({ min: 1, max: 10_000_000 }),
  })

  test('I-P4: in whatever parts it is returned, all of them together take the award, none below zero, never above', () => {
    fc.assert(
      fc.property(
        whole,
        fc.array(fc.integer({ min: 1, max: 3_000_000 }), { maxLength: 12 }),
        ({ award, amountFen }, parts) => {
          let [refunded, taken] = [0, 0]
          for (const part of [...parts, amountFen]) {
            refunded = Math.min(amountFen, refunded + part)
            const now = returnedShare(award, amountFen, refunded) - taken
            expect(now).toBeGreaterThanOrEqual(0)
            taken += now
            expect(taken).toBeLessThanOrEqual(award)
            if (refunded < amountFen) expect(taken / award || 0).toBeLessThanOrEqual(refunded / amountFen)
          }
          expect(taken).toBe(award)
        },
      ),
    )
  })

  test('is rounded for the customer: the last point goes with the last fen', () => {
    expect(returnedShare(68, 6_800, 99)).toBe(0)
    expect(returnedShare(68, 6_800, 3_450)).toBe(34)
    expect(returnedShare(68, 6_899, 6_898)).toBe(67)
    expect(returnedShare(68, 6_899, 6_899)).toBe(68)
    expect(returnedShare(0, 0, 0)).toBe(0)
  })
})
