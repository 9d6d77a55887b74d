export interface Count {
  files: number
  passed: number
  failed: number
  skipped: number
  milliseconds: number
}

/** Counts by the name of the kind. */
export type Counts = Record<string, Count>

/** One line a kind: how many files and tests ran, and how long its files took together. */
export function countsTable(kinds: { kind: string; says: string }[], counts: Counts): string {
  const head = ['kind', 'files', 'passed', 'failed', 'skipped', 'seconds']
  const rows = kinds.flatMap(({ kind, says }) => {
    const count = counts[kind]
    if (!count) return []
    const { files, passed, failed, skipped, milliseconds } = count
    return [[says, ...[files, passed, failed, skipped].map(String), (milliseconds / 1000).toFixed(1)]]
  })
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  return [line(head), ...rows.map(line)].join('\n')
}

/** The closing line that scripts read. */
export function summaryLine(counts: Counts): string {
  const sum = (field: keyof Count) => Object.values(counts).reduce((total, count) => total + count[field], 0)
  return `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`
}
