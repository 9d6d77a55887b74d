import fc from 'fast-check'
import { countPerYuan, countText, isRingUpAmount, MAX_AMOUNT_FEN, parseYuan, yuanText } from './money'

const amountFen = fc.integer({ min: 1, max: MAX_AMOUNT_FEN })

test.each([
  [0, '¥0.00'],
  [5, '¥0.05'],
  [6_800, '¥68.00'],
  [123_450, '¥1,234.50'],
  [-6_800, '−¥68.00'],
  [1_000_000_00, '¥1,000,000.00'],
])('%i fen is written %s', (fen, text) => {
  expect(yuanText(fen)).toBe(text)
})

test.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1,000'],
  [-12_345, '−12,345'],
])('the count %i is written %s', (count, text) => {
  expect(countText(count)).toBe(text)
})

test.each([
  ['68', 6_800],
  ['68.', 6_800],
  ['68.5', 6_850],
  [' 68.50 ', 6_850],
  ['0.01', 1],
  ['', null],
  ['.5', null],
  ['1.234', null],
  ['-1', null],
  ['1e3', null],
  ['1,000', null],
  ['９', null],
  ['1234567', null],
])('%j typed at a counter is %p fen', (text, fen) => {
  expect(parseYuan(text)).toBe(fen)
})

test('what is written can be typed again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999 }), (fen) => {
      expect(parseYuan(yuanText(fen).slice(1).replaceAll(',', ''))).toBe(fen)
    }),
  )
})

test.each([
  [1, true],
  [MAX_AMOUNT_FEN, true],
  [0, false],
  [-1, false],
  [1.5, false],
  [MAX_AMOUNT_FEN + 1, false],
  [Number.NaN, false],
  [Number.POSITIVE_INFINITY, false],
])('ringing up %p fen is allowed: %p', (fen, allowed) => {
  expect(isRingUpAmount(fen)).toBe(allowed)
})

describe('per yuan', () => {
  test.each([
    [6_800, 1, 68],
    [6_899, 1, 68],
    [99, 1, 0],
    [1_000, 1.5, 15],
    [300, 0.33, 0],
    [10_000, 1.1, 110],
    [10_000, 0, 0],
  ])('%i fen at %p a yuan counts %i', (fen, perYuan, count) => {
    expect(countPerYuan(fen, perYuan)).toBe(count)
  })

  test('is whole, never more than the rate allows, and the last fen earn nothing', () => {
    fc.assert(
      fc.property(amountFen, fc.integer({ min: 0, max: 1_000 }), (fen, hundredths) => {
        const count = countPerYuan(fen, hundredths / 100)
        expect(Number.isInteger(count)).toBe(true)
        expect(count * 10_000).toBeLessThanOrEqual(fen * hundredths)
        expect(count).toBe(countPerYuan(fen - (fen % 100), hundredths / 100))
      }),
    )
  })

  test('two purchases never earn more than their sum in one', () => {
    fc.assert(
      fc.property(amountFen, amountFen, fc.integer({ min: 0, max: 1_000 }), (a, b, hundredths) => {
        const rate = hundredths / 100
        expect(countPerYuan(a, rate) + countPerYuan(b, rate)).toBeLessThanOrEqual(countPerYuan(a + b, rate))
      }),
    )
  })
})
