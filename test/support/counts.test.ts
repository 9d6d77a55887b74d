import { countsTable, summaryLine } from './counts'

const counts = {
  rules: { files: 2, passed: 12, failed: 0, skipped: 1, milliseconds: 1_240 },
  story: { files: 1, passed: 3, failed: 2, skipped: 0, milliseconds: 20_000 },
}

test('the closing line adds up all kinds', () => {
  expect(summaryLine(counts)).toBe('15 passed, 2 failed, 1 skipped')
  expect(summaryLine({})).toBe('0 passed, 0 failed, 0 skipped')
})

test('the table has a line for each kind that ran', () => {
  const kinds = ['rules', 'verbs', 'story'].map((kind) => ({ kind, says: kind }))
  expect(countsTable(kinds, counts).split('\n')).toEqual([
    'kind   files  passed  failed  skipped  seconds',
    'rules      2      12       0        1      1.2',
    'story      1       3       2        0     20.0',
  ])
})
