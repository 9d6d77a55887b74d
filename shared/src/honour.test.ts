import fc from 'fast-check'
import {
  type DutiesByMonth,
  dutyMonth,
  type HonourHeld,
  type HonourTerms,
  honourReview,
  honourUntil,
  nextLook,
  regainUntil,
} from './honour'
import { DAY_MS, endOfMonthAfter } from './time'

const at = (text: string) => new Date(`${text}+08:00`)
const NOW = at('2026-11-22T09:12:00')
const TERMS: HonourTerms = { duties: 2, warnDays: 7, regainMonths: 3 }
const WORN: HonourHeld = {
  state: 'worn',
  expiresAt: null,
  termEndsAt: null,
  dutiesFrom: at('2026-11-01T00:00:00'),
  warnedAt: null,
  lapsesAt: null,
  lapsedAt: null,
  because: null,
}
const done = (months: Record<string, number>, waiting = 0): DutiesByMonth =>
  Object.fromEntries(Object.entries(months).map(([month, count]) => [month, { done: count, waiting }]))
const WARN = at('2026-11-23T10:00:00')
const MONTH_END = at('2026-11-30T23:59:59.999')
const warned: HonourHeld = { ...WORN, state: 'warned', because: 'duties', warnedAt: WARN, lapsesAt: MONTH_END }
const LAPSE = at('2026-12-01T00:30:00')
const lapsed: HonourHeld = { ...warned, state: 'lapsed', lapsedAt: LAPSE, expiresAt: LAPSE }
const YEAR = at('2027-10-31T23:59:59.999')

test('an honour is worn to the end of a month, or for ever', () => {
  expect(honourUntil(12, NOW)?.toISOString()).toBe('2027-11-30T15:59:59.999Z')
  expect(honourUntil(null, NOW)).toBeNull()
  expect(regainUntil(LAPSE, 3)).toEqual(at('2027-03-31T23:59:59.999'))
})

const LATE = at('2026-11-29T10:00:00')
const lapsedTo = (termEndsAt: Date) => ({ ...lapsed, termEndsAt })
const TERM_END = at('2026-11-30T23:59:59.999')
const ending: HonourHeld = { ...WORN, dutiesFrom: null, expiresAt: TERM_END, termEndsAt: TERM_END }
const endWarned: HonourHeld = { ...ending, state: 'warned', because: 'term', warnedAt: WARN, lapsesAt: TERM_END }

describe.each<[string, HonourHeld, DutiesByMonth, Date, Partial<HonourHeld>]>([
  ['nothing is said before the days of warning', WORN, {}, new Date(WARN.getTime() - 1), {}],
  ['what is missing is warned of, to the end of the month', WORN, done({ '2026-11': 1 }), WARN, warned],
  [
    'warned late, it lapses late',
    WORN,
    {},
    LATE,
    { state: 'warned', warnedAt: LATE, lapsesAt: at('2026-12-06T10:00:00') },
  ],
  ['done duties keep it', WORN, done({ '2026-11': 2 }), MONTH_END, {}],
  ['what waits to be looked at is no omission', WORN, done({ '2026-11': 1 }, 1), MONTH_END, {}],
  [
    'the month that it was given in asks for nothing',
    { ...WORN, dutiesFrom: at('2026-12-01T00:00:00') },
    {},
    MONTH_END,
    {},
  ],
  ['what asks for none is never warned of', { ...WORN, dutiesFrom: null }, {}, MONTH_END, {}],
  ['done after the warning, nothing was', warned, done({ '2026-11': 2 }), MONTH_END, WORN],
  ['one too few, and the month is not over', warned, done({ '2026-11': 1 }), LATE, {}],
  ['the month is over', warned, done({ '2026-11': 1 }), LAPSE, { state: 'lapsed', lapsedAt: LAPSE, expiresAt: LAPSE }],
  ['the last one waits for a colleague', warned, done({ '2026-11': 1 }, 1), LAPSE, {}],
  [
    'warned late, what was missed is made up for in the next month',
    { ...warned, warnedAt: LATE, lapsesAt: at('2026-12-06T10:00:00') },
    done({ '2026-11': 1, '2026-12': 1 }),
    at('2026-12-06T10:00:00'),
    { ...WORN },
  ],
  [
    'a month’s duties win it back',
    lapsed,
    done({ '2026-12': 2 }),
    at('2026-12-20T12:00:00'),
    { ...WORN, dutiesFrom: at('2027-01-01T00:00:00') },
  ],
  [
    'to the end of its old term',
    lapsedTo(YEAR),
    done({ '2027-01': 2 }),
    at('2027-01-20T12:00:00'),
    { state: 'worn', expiresAt: YEAR },
  ],
  ['half of two months does not', lapsed, done({ '2026-12': 1, '2027-01': 1 }), at('2027-01-20T12:00:00'), {}],
  ['nor anything after three months', lapsed, done({ '2027-04': 2 }), at('2027-04-02T12:00:00'), {}],
  ['nor anything after its old term', lapsedTo(MONTH_END), done({ '2026-12': 2 }), at('2026-12-20T12:00:00'), {}],
  [
    'a duty that was found good after all counts for its month',
    lapsed,
    done({ '2026-11': 2 }),
    at('2026-12-04T12:00:00'),
    { state: 'worn' },
  ],
  ['the end of a term is warned of', ending, {}, WARN, endWarned],
  [
    'a longer term takes the warning back',
    { ...endWarned, expiresAt: YEAR },
    {},
    LATE,
    { state: 'worn', because: null, warnedAt: null, lapsesAt: null },
  ],
  [
    'its end is its end',
    endWarned,
    {},
    LAPSE,
    { state: 'lapsed', because: 'term', lapsedAt: TERM_END, expiresAt: TERM_END },
  ],
  [
    'in its last month no duty is asked for',
    { ...WORN, expiresAt: TERM_END },
    {},
    WARN,
    { state: 'warned', because: 'term', warnedAt: WARN, lapsesAt: TERM_END },
  ],
])('%s', (_, held, duties, now, becomes) => {
  test('and a second look changes nothing', () => {
    const next = honourReview(held, TERMS, duties, now)
    if (Object.keys(becomes).length === 0) expect(next).toBe(held)
    expect(next).toMatchObject(becomes)
    expect(honourReview(next, TERMS, duties, now)).toBe(next)
  })
})

test('duties that the brand has stopped are asked of nobody', () => {
  const none = { ...TERMS, duties: 0 }
  expect(honourReview(WORN, none, {}, MONTH_END)).toBe(WORN)
  expect(honourReview(warned, none, {}, LAPSE)).toEqual(WORN)
  expect(honourReview(lapsed, none, done({ '2026-12': 2 }), at('2026-12-20T12:00:00'))).toBe(lapsed)
})

const START = at('2026-11-05T00:00:00')
/** Looks at odd times, each with what was done and waited by then. */
const life = fc.record({
  warnDays: fc.integer({ min: 1, max: 20 }),
  asked: fc.integer({ min: 0, max: 3 }),
  termMonths: fc.option(fc.integer({ min: 1, max: 6 })),
  looks: fc.array(
    fc.record({
      hours: fc.integer({ min: 1, max: 24 * 40 }),
      done: fc.integer({ min: 0, max: 1 }),
      waiting: fc.integer({ min: 0, max: 1 }),
    }),
    { maxLength: 60 },
  ),
})

test('nobody loses one for its duties without a warning of whole days; done ones keep it; a second look is none', () => {
  fc.assert(
    fc.property(life, ({ warnDays, asked, termMonths, looks }) => {
      const terms = { duties: asked, warnDays, regainMonths: 3 }
      const until = honourUntil(termMonths, START)
      let held: HonourHeld = { ...WORN, expiresAt: until, termEndsAt: until, dutiesFrom: at('2026-12-01T00:00:00') }
      let now = START
      const months: Record<string, { done: number; waiting: number }> = {}
      for (const look of looks) {
        now = new Date(now.getTime() + look.hours * 3_600_000)
        const month = dutyMonth(now)
        const known = months[month]?.done ?? 0
        months[month] = { done: known + look.done, waiting: look.waiting }
        const before = held
        held = honourReview(before, terms, months, now)
        expect(honourReview(held, terms, months, now)).toBe(held)
        expect(nextLook(held, terms, now).getTime()).toBeGreaterThan(now.getTime())
        if (held.state === 'lapsed' && before.state !== 'lapsed' && held.because === 'duties') {
          const warnedAt = before.warnedAt as Date
          expect(now.getTime() - warnedAt.getTime()).toBeGreaterThanOrEqual(warnDays * DAY_MS)
          expect(now.getTime()).toBeGreaterThanOrEqual(endOfMonthAfter(warnedAt, 0).getTime())
          expect(months[month].done).toBeLessThan(asked)
        }
        if (known + look.done >= asked && before.state !== 'lapsed') expect(held.because).not.toBe('duties')
        if (held.state !== 'lapsed') expect(held.expiresAt).toEqual(until)
        expect(held.state === 'warned' ? held.lapsesAt : 'none').not.toBeNull()
      }
    }),
  )
})

test('looked at whenever it asks to be, the end of a term is told in time, too', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 3_600 }),
      (warnDays, months, late) => {
        const terms = { duties: 1, warnDays, regainMonths: 3 }
        const until = honourUntil(months, START)
        let held: HonourHeld = { ...WORN, expiresAt: until, termEndsAt: until, dutiesFrom: at('2026-12-01T00:00:00') }
        let duties: DutiesByMonth = {}
        for (let now = START, looks = 0; held.state !== 'lapsed'; looks++) {
          now = new Date(nextLook(held, terms, now).getTime() + late * 1_000)
          duties = { ...duties, [dutyMonth(now)]: { done: 1, waiting: 0 } }
          held = honourReview(held, terms, duties, now)
          expect(looks).toBeLessThan(24 * 40)
        }
        expect(held.because).toBe('term')
        expect((until as Date).getTime() - (held.warnedAt as Date).getTime()).toBeGreaterThanOrEqual(warnDays * DAY_MS)
      },
    ),
  )
})
