import fc from 'fast-check'
import {
  type AdjustmentLine,
  adjustmentEnds,
  adjustmentRefusal,
  adjustmentWords,
  aloneLeft,
  type EndingPoints,
  forecastOf,
  isAloneEnough,
  liabilityOf,
} from './adjustment'
import { DEMO_POLICY } from './policy'
import { endOfMonthAfter } from './time'

const NOW = new Date('2026-11-22T04:00:00Z')

describe('what may be asked for', () => {
  test.each([1, -1, 500, 100_000, -100_000])('%i', (points) => {
    expect(adjustmentRefusal(points, DEMO_POLICY)).toBeNull()
  })

  test.each([0, 100_001, -100_001, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER])('not %p', (points) => {
    expect(adjustmentRefusal(points, DEMO_POLICY)).toMatchObject({ code: 'BAD_INPUT' })
  })

  test('points given by hand live as long as those earned then', () => {
    expect(adjustmentEnds(NOW, DEMO_POLICY)).toEqual(new Date('2027-11-30T15:59:59.999Z'))
  })
})

describe('whether one operator is enough', () => {
  test.each([
    [500, 0, true],
    [-500, 0, true],
    [501, 0, false],
    [10, 490, true],
    [-11, 490, false],
    [1, 500, false],
    [1, 9_000, false],
  ])('%i after %i moved today: %p', (points, movedToday, enough) => {
    expect(isAloneEnough({ points, movedToday, own: false }, DEMO_POLICY)).toBe(enough)
    expect(isAloneEnough({ points, movedToday, own: true }, DEMO_POLICY)).toBe(false)
  })

  test('whoever lowers the limit leaves nothing below zero', () => {
    expect(aloneLeft(300, { adjustAloneLimit: 100 })).toBe(0)
  })
})

test.each<[Partial<AdjustmentLine>, string]>([
  [{}, '为 林**（尾号 3421）加 1,200 积分，客情心意：YY001 提出，等另一位运营复核'],
  [
    { state: 'done', decidedBy: 'YY001', points: 50, nameMasked: null },
    '为 尾号 3421 加 50 积分，客情心意：YY001 已调整',
  ],
  [
    { state: 'done', decidedBy: 'YY002', points: -800, reason: 'abuse', debtPoints: 20 },
    '为 林**（尾号 3421）减 800 积分，违规收回：YY001 提出，YY002 已同意，余额不够，记下 20 欠分',
  ],
  [
    { state: 'refused', decidedBy: 'YY002', reason: 'other' },
    '为 林**（尾号 3421）加 1,200 积分，其他：YY002 没有同意，积分没动',
  ],
])('%j reads %s', (more, words) => {
  const line: AdjustmentLine = {
    nameMasked: '林**',
    memberNoLast4: '3421',
    points: 1_200,
    reason: 'goodwill',
    state: 'waiting',
    proposedBy: 'YY001',
    decidedBy: null,
    debtPoints: 0,
  }
  expect(adjustmentWords({ ...line, ...more })).toBe(words)
})

const ends = (day: string, points: number, pendingPoints = 0): EndingPoints => ({
  endsAt: new Date(`${day}T15:59:59.999Z`),
  points,
  pendingPoints,
})

describe('when a member’s points end', () => {
  const wordsOf = (...ending: EndingPoints[]) => forecastOf(ending, NOW).map(({ words }) => words)

  test('month by month, with the year when it is another', () => {
    expect(wordsOf(ends('2027-01-31', 1_200), ends('2026-12-31', 320), ends('2026-11-30', 5))).toEqual([
      '11 月底有 5 积分到期',
      '12 月底有 320 积分到期',
      '2027 年 1 月底有 1,200 积分到期',
    ])
  })

  test('what is not spendable yet is counted and named', () => {
    expect(wordsOf(ends('2026-12-31', 300, 20))).toEqual(['12 月底有 320 积分到期，其中 20 积分还没生效'])
  })

  test('within a month: the day, or from the first day on', () => {
    expect(wordsOf(ends('2026-12-10', 30))).toEqual(['12 月 10 日有 30 积分到期'])
    expect(wordsOf(ends('2026-12-31', 5), ends('2026-12-10', 30))).toEqual(['12 月 10 日到月底之间有 35 积分到期'])
  })

  test('a Shanghai month begins eight hours before that of Greenwich', () => {
    const next = { endsAt: new Date('2026-11-30T16:00:00.000Z'), points: 7, pendingPoints: 0 }
    expect(forecastOf([ends('2026-11-30', 5), next], NOW).map(({ month, points }) => [month, points])).toEqual([
      ['2026-11', 5],
      ['2026-12', 7],
    ])
  })

  test('the past, what lies beyond thirteen months and empty ends are left out', () => {
    expect(wordsOf(ends('2026-11-21', 5), ends('2027-11-30', 6), ends('2027-12-31', 7), ends('2026-12-31', 0))).toEqual(
      ['2027 年 11 月底有 6 积分到期'],
    )
    expect(forecastOf([], NOW)).toEqual([])
  })
})

describe('what the programme owes', () => {
  test('24 months each of their own, the rest in one sum, what has ended in this month', () => {
    const owed = (month: string, available: number) => ({ month, available, pending: 1, lots: 2 })
    const rows = [owed('2026-10', 5), owed('2026-11', 7), owed('2028-10', 11), owed('2028-11', 13), owed('2031-01', 17)]
    const { months, later } = liabilityOf(rows, NOW)
    expect(months).toHaveLength(24)
    expect(months[0]).toEqual({
      month: '2026-11',
      endsAt: new Date('2026-11-30T15:59:59.999Z'),
      available: 12,
      pending: 2,
      lots: 4,
    })
    expect(months.at(-1)).toMatchObject({ month: '2028-10', available: 11 })
    expect(later).toEqual({ available: 30, pending: 2, lots: 4 })
  })

  test('nothing is lost or counted twice, whatever ends when', () => {
    const month = fc
      .date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
      .map((at) => endOfMonthAfter(at, 0).toISOString().slice(0, 7))
    const amount = fc.integer({ min: 0, max: 1_000_000 })
    const row = fc.record({ month, available: amount, pending: amount, lots: amount })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const { months, later } = liabilityOf(rows, NOW)
        for (const what of ['available', 'pending', 'lots'] as const) {
          const sum = (all: { [w in typeof what]: number }[]) => all.reduce((total, one) => total + one[what], 0)
          expect(sum([...months, later])).toBe(sum(rows))
        }
      }),
    )
  })
})
