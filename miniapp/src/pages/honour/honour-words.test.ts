import { dutiesCount, dutyWords, noteWords, termWords } from './honour-words'

const NOW = new Date('2026-11-24T09:12:00+08:00')
const END = '2026-11-30T15:59:59.999Z'
const duties = { need: 3, done: 1, waiting: 0, from: '2026-10-31T16:00:00.000Z', ways: [] }
const worn = {
  ...{ state: 'worn' as const, termMonths: 12, until: '2027-11-30T15:59:59.999Z', because: null },
  ...{ lapsesAt: null, lapsedAt: null, regainUntil: null, duties },
}
const warned = { ...worn, state: 'warned' as const, because: 'duties' as const, lapsesAt: END }
const lapsed = {
  ...worn,
  state: 'lapsed' as const,
  until: null,
  lapsedAt: END,
  regainUntil: '2027-02-28T15:59:59.999Z',
}

test('an honour says how long it is worn', () => {
  expect(termWords(worn, NOW)).toBe('戴到 2027 年 11 月 30 日')
  expect(termWords({ ...worn, until: null }, NOW)).toBe('长期有效')
  expect(termWords({ ...worn, state: 'open', termMonths: null }, NOW)).toBe('得到后长期有效')
  expect(termWords({ ...worn, state: 'open' }, NOW)).toBe('得到后戴 12 个月')
  expect(termWords(lapsed, NOW)).toBe('11 月 30 日收起')
})

test.each([
  ['nothing while all is well', worn, null],
  ['what is missing, and until when', warned, '11 月 30 日前还差 2 件；没有做完，它会先收起来'],
  [
    'what is still to be handed in',
    { ...warned, duties: { ...duties, waiting: 1 } },
    '11 月 30 日前还差 1 件；没有做完，它会先收起来',
  ],
  ['that waiting costs nothing', { ...warned, duties: { ...duties, waiting: 2 } }, '交上的正有人看，不会因为等而失去'],
  ['that it is kept', { ...warned, duties: { ...duties, done: 3 } }, '都做完了，它留住了'],
  ['the end of a term', { ...warned, because: 'term' as const }, '11 月 30 日到期，谢谢你戴了这一程'],
  ['how it comes back', lapsed, '2027 年 2 月 28 日前，把一个月的 3 件做满，它就回来'],
  ['nothing where it cannot come back', { ...lapsed, regainUntil: null }, null],
])('a note tells %s', (_, honour, words) => {
  expect(noteWords(honour, NOW)?.words ?? null).toBe(words)
})

test('duties are told from when they count', () => {
  const soon = { ...worn, duties: { ...duties, from: '2026-11-30T16:00:00.000Z' } }
  expect([dutyWords(soon, NOW), dutiesCount(soon, NOW)]).toEqual(['从 12 月起，每个月做 3 件小事留住它', false])
  expect([dutyWords(worn, NOW), dutiesCount(worn, NOW)]).toEqual(['这个月 1 / 3 件', true])
  expect(dutyWords({ ...worn, duties: { ...duties, waiting: 1 } }, NOW)).toBe('这个月 1 / 3 件，1 件在看')
  expect(dutyWords({ ...worn, state: 'open' }, NOW)).toBe('每个月做 3 件小事留住它')
  expect(dutyWords({ ...worn, duties: { ...duties, need: 0 } }, NOW)).toBeNull()
})
