import { liabilityRows } from './liability-rows'

const month = (name: string, available: number, pending = 0) => ({
  month: name,
  endsAt: `${name}-28T15:59:59.999Z`,
  available,
  pending,
  lots: 1,
})
const NOTHING = { available: 0, pending: 0, lots: 0 }

test('months stop at the last in which something ends, and lose nothing', () => {
  const months = [month('2026-11', 300), month('2026-12', 0), month('2027-01', 50, 50), month('2027-02', 0)]
  const rows = liabilityRows({ months, later: NOTHING })
  expect(rows.map(({ name, availableShare, pendingShare }) => [name, availableShare, pendingShare])).toEqual([
    ['2026-11', 1, 0],
    ['2026-12', 0, 0],
    ['2027-01', 50 / 300, 50 / 300],
  ])
})

test('what ends later comes last, behind every month', () => {
  const months = [month('2026-11', 100), month('2026-12', 0)]
  const rows = liabilityRows({ months, later: { available: 900, pending: 100, lots: 7 } })
  expect(rows.map(({ name }) => name)).toEqual(['2026-11', '2026-12', '更晚'])
  expect(rows.at(-1)).toMatchObject({ month: 'later', lots: 7, availableShare: 0.9, pendingShare: 0.1 })
})

test('without points there is no row', () => {
  expect(liabilityRows({ months: [month('2026-11', 0)], later: NOTHING })).toEqual([])
})
