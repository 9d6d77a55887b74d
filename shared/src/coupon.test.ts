import fc from 'fast-check'
import {
  type CouponLife,
  type CouponTerms,
  couponEnd,
  couponOffFen,
  couponRefusal,
  grantRefusal,
  shownCouponState,
} from './coupon'

const NOW = new Date('2026-11-22T04:00:00Z')
const later = (ms: number) => new Date(NOW.getTime() + ms)
const OFF_8: CouponTerms = {
  kind: 'amount_off',
  amountOffFen: 800,
  payPercent: null,
  maxOffFen: null,
  thresholdFen: 3_000,
}
const PAY_88: CouponTerms = {
  kind: 'percent_off',
  amountOffFen: null,
  payPercent: 88,
  maxOffFen: null,
  thresholdFen: 0,
}
const FRESH: CouponLife = { state: 'granted', validFrom: NOW, expiresAt: later(86_400_000), heldUntil: null }

describe('the end of a coupon', () => {
  test.each([
    ['2026-11-22T04:00:00.000Z', 7, '2026-11-29T15:59:59.999Z'],
    ['2026-11-22T15:59:59.999Z', 7, '2026-11-29T15:59:59.999Z'],
    ['2026-11-22T16:00:00.000Z', 7, '2026-11-30T15:59:59.999Z'],
    ['2026-11-22T04:00:00.000Z', 0, '2026-11-22T15:59:59.999Z'],
  ])('granted at %s for %i days: the end of that day in Shanghai, %s', (at, validDays, end) => {
    expect(couponEnd({ validDays, validUntil: null }, new Date(at)).toISOString()).toBe(end)
  })

  test('a fixed end is taken as it is', () => {
    expect(couponEnd({ validDays: null, validUntil: later(5) }, NOW)).toEqual(later(5))
  })
})

describe('what a coupon takes off', () => {
  test.each([
    ['below the threshold', OFF_8, 2_999, 0],
    ['on the threshold', OFF_8, 3_000, 800],
    ['no more than there is to pay', { ...OFF_8, thresholdFen: 0 }, 500, 500],
    ['12 percent, down to the whole fen', PAY_88, 999, 119],
    ['up to its cap', { ...PAY_88, maxOffFen: 3_000 }, 100_000, 3_000],
    ['nothing of nothing', PAY_88, 0, 0],
  ])('%s', (_what, terms, amountFen, offFen) => expect(couponOffFen(terms, amountFen)).toBe(offFen))

  const terms: fc.Arbitrary<CouponTerms> = fc.oneof(
    fc.record({
      kind: fc.constant('amount_off' as const),
      amountOffFen: fc.integer({ min: 1, max: 20_000 }),
      payPercent: fc.constant(null),
      maxOffFen: fc.option(fc.integer({ min: 1, max: 20_000 })),
      thresholdFen: fc.nat(20_000),
    }),
    fc.record({
      kind: fc.constant('percent_off' as const),
      amountOffFen: fc.constant(null),
      payPercent: fc.integer({ min: 1, max: 99 }),
      maxOffFen: fc.option(fc.integer({ min: 1, max: 20_000 })),
      thresholdFen: fc.nat(20_000),
    }),
  )
  const amount = fc.integer({ min: 0, max: 10_000_000 })

  test('is whole fen, never less than nothing and never more than the amount', () => {
    fc.assert(
      fc.property(terms, amount, (coupon, amountFen) => {
        const off = couponOffFen(coupon, amountFen)
        expect(Number.isInteger(off)).toBe(true)
        expect(off).toBeGreaterThanOrEqual(0)
        expect(off).toBeLessThanOrEqual(amountFen)
      }),
    )
  })

  test('never shrinks when the amount grows', () => {
    fc.assert(
      fc.property(terms, amount, fc.nat(10_000), (coupon, amountFen, more) => {
        expect(couponOffFen(coupon, amountFen + more)).toBeGreaterThanOrEqual(couponOffFen(coupon, amountFen))
      }),
    )
  })
})

describe('how a coupon stands', () => {
  test.each<[string, Partial<CouponLife>, string, string | null]>([
    ['fresh', {}, 'usable', null],
    ['in its last millisecond', { expiresAt: NOW }, 'usable', null],
    ['past its end', { expiresAt: later(-1) }, 'expired', 'COUPON_OVER'],
    ['before its beginning', { validFrom: later(1) }, 'waiting', 'COUPON_NOT_OPEN'],
    ['at a till', { state: 'held', heldUntil: later(1) }, 'held', 'COUPON_TAKEN'],
    ['at a till, past its end', { state: 'held', heldUntil: later(1), expiresAt: later(-1) }, 'held', 'COUPON_TAKEN'],
    ['forgotten at a till', { state: 'held', heldUntil: NOW }, 'usable', null],
    ['forgotten past its end', { state: 'held', heldUntil: NOW, expiresAt: later(-1) }, 'expired', 'COUPON_OVER'],
    ['used', { state: 'used', expiresAt: later(-1) }, 'used', 'COUPON_TAKEN'],
    ['voided', { state: 'voided' }, 'voided', 'COUPON_OVER'],
  ])('%s', (_what, more, shown, code) => {
    const coupon = { ...OFF_8, ...FRESH, ...more }
    expect(shownCouponState(coupon, NOW)).toBe(shown)
    expect(couponRefusal(coupon, 3_000, NOW)?.code ?? null).toBe(code)
  })

  test('short of its threshold it says by how much', () => {
    expect(couponRefusal({ ...OFF_8, ...FRESH }, 2_650, NOW)).toEqual({
      code: 'COUPON_SHORT',
      detail: { missingFen: 350 },
    })
  })
})

describe('one more of a template', () => {
  const OPEN = {
    startsAt: null,
    endsAt: null,
    validUntil: null,
    totalLimit: 500,
    granted: 499,
    perPersonLimit: 1,
    grantedToMe: 0,
  }
  test.each([
    ['the last one is given', {}, null],
    ['all are gone', { granted: 500 }, { code: 'COUPON_GONE', detail: {} }],
    ['this person has theirs', { grantedToMe: 1 }, { code: 'COUPON_LIMIT', detail: { limit: 1 } }],
    ['not yet', { startsAt: later(1) }, { code: 'COUPON_NOT_OPEN', detail: { opensAt: '2026-11-22T04:00:00.001Z' } }],
    ['no longer', { endsAt: later(-1) }, { code: 'COUPON_OVER', detail: {} }],
    ['its own end has come', { validUntil: NOW }, { code: 'COUPON_OVER', detail: {} }],
    ['the budget has room for one more', { budgetFen: 1_600, budgetUsedFen: 800, faceFen: 800 }, null],
    ['the budget has not', { budgetFen: 1_599, budgetUsedFen: 800, faceFen: 800 }, { code: 'COUPON_GONE', detail: {} }],
    ['without limits', { totalLimit: null, perPersonLimit: null, granted: 9_999, grantedToMe: 99 }, null],
  ])('%s', (_what, more, refusal) => expect(grantRefusal({ ...OPEN, ...more }, NOW)).toEqual(refusal))
})
