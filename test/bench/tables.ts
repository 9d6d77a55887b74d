import type { Result } from './rounds'

export const number = (value: number, digits: number) => (Number.isNaN(value) ? '–' : value.toFixed(digits))

export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  return [line(head), ...rows.map(line)].join('\n')
}

/** Operations a second and latencies of each contestant, and the processor time of one operation. */
export const resultsTable = (results: Result[]): string =>
  table(
    ['', 'ops/s', 'p50 ms', 'p99 ms', 'µs node', 'µs database'],
    results.map(({ name, perSecond, p50, p99, serverMicros = Number.NaN, databaseMicros = Number.NaN }) => [
      name,
      number(perSecond, 0),
      number(p50, 2),
      number(p99, 2),
      number(serverMicros, 0),
      number(databaseMicros, 0),
    ]),
  )

/** A promise of the house in numbers. */
export interface Bar {
  name: string
  /** Not known on this machine when null. */
  reached: number | null
  bar: number
  /** Whether more is better, as with ratios, or less, as with sizes. */
  wants: 'at least' | 'at most'
  unit?: string
}

const holds = ({ reached, bar, wants }: Bar) =>
  reached === null ? '–' : (wants === 'at least' ? reached >= bar : reached <= bar) ? 'holds' : 'MISSED'

/** What was promised, what was reached. */
export const barsTable = (bars: Bar[]): string =>
  table(
    ['', 'reached', 'bar', ''],
    bars.map((one) => {
      const { name, reached, bar, wants, unit } = one
      const digits = unit ? 0 : 2
      const shown = reached === null ? '–' : `${number(reached, digits)}${unit ? ` ${unit}` : ''}`
      return [name, shown, `${wants === 'at least' ? '≥' : '≤'} ${number(bar, digits)}`, holds(one)]
    }),
  )
