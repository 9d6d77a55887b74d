import fc from 'fast-check'
import { type Birthday, birthdayFixedUntil, birthdayIn, birthdayWindow, daysOfMonth, isBirthday } from './birthday'
import { DEMO_POLICY } from './policy'
import { businessDay, businessDaysAfter, dayText } from './time'

const HOUR = 3_600_000
const anyBirthday: fc.Arbitrary<Birthday> = fc
  .integer({ min: 1, max: 12 })
  .chain((month) => fc.record({ month: fc.constant(month), day: fc.integer({ min: 1, max: daysOfMonth(month) }) }))
/** Any moment of some years, leap years and turns of the year among them. */
const anyMoment = fc
  .oneof(
    fc.integer({ min: 0, max: 4_000 * 24 }),
    fc.constantFrom(...[2026, 2027, 2028, 2029].map((year) => (Date.UTC(year, 0, 1) - Date.UTC(2025, 0, 1)) / HOUR)),
  )
  .map((hours) => new Date(Date.UTC(2025, 0, 1) + hours * HOUR + 123_456))
const anyDays = fc.record({ daysBefore: fc.integer({ min: 0, max: 60 }), daysAfter: fc.integer({ min: 0, max: 60 }) })

test.each([
  [{ month: 2, day: 29 }, true],
  [{ month: 2, day: 30 }, false],
  [{ month: 4, day: 31 }, false],
  [{ month: 13, day: 1 }, false],
  [{ month: 1, day: 0 }, false],
  [{ month: 12, day: 31 }, true],
])('%j is a birthday: %s', (birthday, is) => expect(isBirthday(birthday)).toBe(is))

test('29 February is the 28th where there is none', () => {
  const leap = { month: 2, day: 29 }
  expect([2026, 2028, 2100].map((year) => dayText(birthdayIn(year, leap)))).toEqual([
    '2026-02-28',
    '2028-02-29',
    '2100-02-28',
  ])
})

test('the days around a birthday: the first that are not over, of the right year, whole days of the brand’s calendar', () => {
  fc.assert(
    fc.property(anyBirthday, anyDays, anyMoment, (birthday, days, now) => {
      const { occasion, opensAt, closesAt } = birthdayWindow(birthday, days, now)
      const year = Number(occasion)
      const { month, day } = businessDay(birthdayIn(year, birthday))
      // counted by hand: so many calendar days before and after
      expect(opensAt).toEqual(new Date(Date.UTC(year, month - 1, day - days.daysBefore) - 8 * HOUR))
      expect(closesAt).toEqual(new Date(Date.UTC(year, month - 1, day + days.daysAfter + 1) - 8 * HOUR - 1))
      expect(closesAt >= now).toBe(true)
      const before = birthdayIn(year - 1, birthday)
      expect(businessDaysAfter(before, days.daysAfter + 1) <= now).toBe(true)
      // what was opened for that year comes again for the next, and never for the same
      expect(birthdayWindow(birthday, days, now, year).occasion).toBe(String(year + 1))
    }),
  )
})

describe('when a birthday can be changed', () => {
  const until = (birthday: Birthday | null, setAt: Date | null, now: Date) =>
    birthdayFixedUntil({ birthday, setAt }, now, DEMO_POLICY)
  const at = (day: string) => new Date(`${day}T12:00:00+08:00`)
  const [summer, turn] = [
    { month: 7, day: 1 },
    { month: 1, day: 5 },
  ]

  test.each([
    ['the first time at once, also shortly before it', null, null, '2026-06-30', null],
    ['one that came from elsewhere', summer, null, '2026-03-01', null],
    ['a year after it was written, to the day', summer, '2025-03-01', '2026-03-01', null],
    ['not a day earlier', summer, '2025-03-02', '2026-03-01', '2026-03-02'],
    ['31 days before it', summer, null, '2026-05-31', null],
    ['not 30 days before it, until it is over', summer, null, '2026-06-01', '2026-07-02'],
    ['not on the day itself', summer, null, '2026-07-01', '2026-07-02'],
    ['the day after', summer, null, '2026-07-02', null],
    ['not across the turn of the year', turn, null, '2026-12-20', '2027-01-06'],
    ['not when the year is over in those days', summer, '2025-06-10', '2026-03-01', '2026-07-02'],
    ['not at the end of February', { month: 2, day: 29 }, null, '2027-02-01', '2027-03-01'],
  ])('%s', (_what, birthday, setAt, now, fixed) => {
    const told = until(birthday, setAt === null ? null : at(setAt), at(now))
    expect(told && dayText(told)).toBe(fixed)
  })

  test('what is told is the first moment in which it can be', () => {
    const anySetAt = fc.option(anyMoment)
    fc.assert(
      fc.property(anyBirthday, anySetAt, anyMoment, (birthday, setAt, now) => {
        const told = until(birthday, setAt, now)
        if (!told) return
        expect(told > now).toBe(true)
        expect(until(birthday, setAt, told)).toBeNull()
        expect(until(birthday, setAt, new Date(told.getTime() - 1))).toEqual(told)
      }),
    )
  })
})
