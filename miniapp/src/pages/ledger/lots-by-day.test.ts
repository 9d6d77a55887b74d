import { type Lot, lotsByDay } from './lots-by-day'

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
