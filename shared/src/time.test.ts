import fc from 'fast-check'
import {
  businessDay,
  businessDaysAfter,
  clockText,
  DAY_MS,
  daysUntil,
  dayText,
  dayWords,
  endOfBusinessDay,
  endOfMonthAfter,
  monthsBefore,
  startOfBusinessDay,
} from './time'

const instant = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) }).map((ms) => new Date(ms))
const iso = (at: Date) => at.toISOString()

describe('the business day', () => {
  test.each([
    ['2026-11-21T15:59:59.999Z', '2026-11-21'],
    ['2026-11-21T16:00:00.000Z', '2026-11-22'],
    ['2026-12-31T16:00:00.000Z', '2027-01-01'],
    ['2028-02-28T16:00:00.000Z', '2028-02-29'],
  ])('%s is %s in Shanghai', (at, day) => {
    expect(dayText(new Date(at))).toBe(day)
  })

  test('begins and ends around every instant of it, and lasts a day', () => {
    fc.assert(
      fc.property(instant, (at) => {
        const [start, end] = [startOfBusinessDay(at), endOfBusinessDay(at)]
        expect(start.getTime()).toBeLessThanOrEqual(at.getTime())
        expect(end.getTime()).toBeGreaterThanOrEqual(at.getTime())
        expect(end.getTime() - start.getTime()).toBe(DAY_MS - 1)
        expect([businessDay(start), businessDay(end)]).toEqual([businessDay(at), businessDay(at)])
        expect(clockText(start)).toBe('00:00')
        expect(clockText(end)).toBe('23:59')
      }),
    )
  })

  test('counting days there and back agrees', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 2_000 }), (at, days) => {
        expect(daysUntil(businessDaysAfter(at, days), at)).toBe(days)
      }),
    )
  })

  test('agrees with the calendar of the system', () => {
    const format = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai', dateStyle: 'short' })
    fc.assert(fc.property(instant, (at) => expect(dayText(at)).toBe(format.format(at))))
  })
})

describe('months', () => {
  test.each([
    ['2026-11-22T04:00:00.000Z', 12, '2027-11-30T15:59:59.999Z'],
    ['2026-11-30T16:00:00.000Z', 12, '2027-12-31T15:59:59.999Z'],
    ['2026-11-22T04:00:00.000Z', 3, '2027-02-28T15:59:59.999Z'],
    ['2026-11-22T04:00:00.000Z', 0, '2026-11-30T15:59:59.999Z'],
  ])('points of %s live %i months to %s', (at, months, end) => {
    expect(iso(endOfMonthAfter(new Date(at), months))).toBe(end)
  })

  test.each([
    ['2026-03-31T04:00:00.000Z', 1, '2026-02-27T16:00:00.000Z'],
    ['2026-11-22T04:00:00.000Z', 12, '2025-11-21T16:00:00.000Z'],
    ['2028-02-29T04:00:00.000Z', 12, '2027-02-27T16:00:00.000Z'],
  ])('%s less %i months is the start of that day, %s', (at, months, before) => {
    expect(iso(monthsBefore(new Date(at), months))).toBe(before)
  })

  test('an end of month is always the last millisecond before a first', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 60 }), (at, months) => {
        const end = endOfMonthAfter(at, months)
        expect(businessDay(new Date(end.getTime() + 1)).day).toBe(1)
        expect(end.getTime()).toBeGreaterThanOrEqual(at.getTime())
      }),
    )
  })
})

describe('dates in words', () => {
  const now = new Date('2026-11-22T04:00:00.000Z')
  test.each([
    ['2026-12-06T16:00:00.000Z', '12 月 7 日'],
    ['2027-11-30T15:59:59.999Z', '2027 年 11 月 30 日'],
  ])('%s is %s', (at, words) => {
    expect(dayWords(new Date(at), now)).toBe(words)
  })

  test('a clock has two digits each', () => {
    expect(clockText(new Date('2026-11-22T01:02:00.000Z'))).toBe('09:02')
  })
})
