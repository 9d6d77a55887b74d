import { leavingColumnsOf } from './leaving-columns'

const at = (day: string) => `${day}T00:00:00.000+08:00`
const shown = (leaving: { at: string; growth: number }[], by: string | null = null) =>
  leavingColumnsOf(leaving, by, String).map(({ month, label, figure, share, stays }) =>
    [month, label || '-', figure || '-', share, stays ? 'stays' : 'leaves'].join(' '),
  )

test('nothing leaves, nothing is drawn', () => expect(shown([])).toEqual([]))

test('empty months between are drawn, over the new year; a month is the brand’s', () => {
  expect(
    shown([
      { at: at('2026-11-23'), growth: 50 },
      { at: at('2027-01-01'), growth: 200 },
    ]),
  ).toEqual(['2026-11 11 50 0.25 stays', '2026-12 12 - 0 leaves', '2027-1 1 200 1 stays'])
})

test('what leaves after the tier’s last day still counts on it', () => {
  const leaving = [
    { at: at('2026-11-30'), growth: 10 },
    { at: at('2026-12-01'), growth: 10 },
  ]
  expect(shown(leaving, '2026-11-30T15:59:59.999Z').map((one) => one.split(' ').pop())).toEqual(['leaves', 'stays'])
})

test('in a whole year every other month is named, and only the fullest has its number', () => {
  const year = Array.from({ length: 13 }, (_, n) => ({
    at: at(`${2026 + Math.floor((10 + n) / 12)}-${String(((10 + n) % 12) + 1).padStart(2, '0')}-05`),
    growth: n === 4 ? 900 : 100,
  }))
  const columns = leavingColumnsOf(year, null, String)
  expect(columns.map(({ label }) => label)).toEqual(['11', '', '1', '', '3', '', '5', '', '7', '', '9', '', '11'])
  expect(columns.filter(({ figure }) => figure).map(({ month }) => month)).toEqual(['2027-3'])
})
