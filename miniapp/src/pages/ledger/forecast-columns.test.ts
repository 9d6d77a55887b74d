import { columnsOf } from './forecast-columns'

const NOW = new Date('2026-11-22T04:00:00.000Z')
const month = (name: string, points: number, pendingPoints = 0, day = '28') => ({
  month: name,
  endsAt: `${name}-${day}T15:59:59.999Z`,
  points,
  pendingPoints,
})
const columns = (...months: ReturnType<typeof month>[]) => columnsOf(months, NOW, String)

test('nothing ends: no column', () => expect(columns()).toEqual([]))

test('one month is one column, full and told', () => {
  expect(columns(month('2026-12', 320))).toEqual([
    {
      month: '2026-12',
      label: '12',
      points: 320,
      pending: 0,
      figure: '320',
      share: 1,
      pendingShare: 0,
      soon: false,
    },
  ])
})

test('months in which nothing ends stand between the others, over the turn of a year', () => {
  const all = columns(month('2026-11', 40), month('2027-02', 160, 40))
  expect(all.map(({ month, label, figure, share }) => [month, label, figure, share])).toEqual([
    ['2026-11', '11', '40', 0.2],
    ['2026-12', '12', '', 0],
    ['2027-01', '1', '', 0],
    ['2027-02', '2', '200', 1],
  ])
  expect(all.map(({ soon, pendingShare }) => [soon, pendingShare])).toEqual([
    [true, 0],
    [false, 0],
    [false, 0],
    [false, 0.2],
  ])
})

test('thirteen columns lose no point and tell only numbers that have room', () => {
  const months = Array.from({ length: 13 }, (_, n) =>
    month(n < 2 ? `2026-${11 + n}` : `2027-${String(n - 1).padStart(2, '0')}`, n === 4 ? 900 : 100 + n, n),
  )
  const all = columns(...months)
  const sum = (of: { points: number }[]) => of.reduce((whole, { points }) => whole + points, 0)
  expect(sum(all)).toBe(sum(months))
  expect(all.flatMap(({ figure }, at) => (figure ? [at] : []))).toEqual([0, 4])
  expect(all.flatMap(({ label }) => (label ? [label] : []))).toEqual(['11', '1', '3', '5', '7', '9', '11'])
})
