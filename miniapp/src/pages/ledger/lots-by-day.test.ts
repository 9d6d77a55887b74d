import { barParts, type Lot, lotsByDay } from './lots-by-day'

const lot = (remaining: number, expiresAt: string): Lot => ({
  lotId: `${remaining}-${expiresAt}`,
  remaining,
  earned: remaining,
  activeAt: '2026-11-01T16:00:00.000Z',
  expiresAt,
  state: 'active',
  words: '',
})

test('lots that end on the same day in Shanghai are one, the earliest first', () => {
  const days = lotsByDay(
    [lot(64, '2026-12-31T15:59:59.999Z'), lot(36, '2026-11-30T15:59:59.999Z'), lot(43, '2026-11-30T02:00:00.000Z')],
    'expiresAt',
  )
  expect(days.map(({ day, points, count }) => [day, points, count])).toEqual([
    ['2026-11-30', 79, 2],
    ['2026-12-31', 64, 1],
  ])
})

test('a bar has three parts at most and loses no point', () => {
  const months = ['01', '02', '03', '04', '05']
  for (let count = 0; count <= months.length; count++) {
    const days = lotsByDay(
      months.slice(0, count).map((month, at) => lot(10 * (at + 1), `2027-${month}-15T00:00:00.000Z`)),
      'expiresAt',
    )
    const parts = barParts(days)
    expect(parts.length).toBe(Math.min(3, count))
    const sum = (of: { points: number }[]) => of.reduce((all, { points }) => all + points, 0)
    expect(sum(parts)).toBe(sum(days))
    expect(parts.map(({ later }) => later ?? false)).toEqual(parts.map((_, at) => at === 2 && count > 3))
  }
})
