import { backWords, leftWords, unlockWords, usedUpWords } from './right'

const NOW = new Date('2026-11-22T04:00:00Z')

test('says how often a right is left, within which time', () => {
  expect(leftWords(1, 'month')).toBe('本月还剩 1 次')
  expect(leftWords(3, 'year')).toBe('今年还剩 3 次')
  expect(leftWords(1, 'once')).toBe('还剩 1 次')
  expect(leftWords(null, null)).toBe('不限次数')
  expect([usedUpWords('month'), usedUpWords('once')]).toEqual(['本月用完', '用完'])
})

test('says when it is back: a day where a day begins, else the minute', () => {
  expect(backWords('2026-11-30T16:00:00.000Z', NOW)).toBe('12 月 1 日恢复')
  expect(backWords('2026-12-31T16:00:00.000Z', NOW)).toBe('2027 年 1 月 1 日恢复')
  expect(backWords('2026-11-23T02:27:00.000Z', NOW)).toBe('11 月 23 日 10:27 恢复')
  expect(backWords(null, NOW)).toBe('已经用过')
})

test('says what unlocks it', () => {
  expect(unlockWords({ tier: 3, honourName: null })).toBe('升到铂金')
  expect(unlockWords({ tier: null, honourName: '惜杯人' })).toBe('得到「惜杯人」')
  expect(unlockWords({ tier: 3, honourName: '惜杯人' })).toBe('升到铂金，或得到「惜杯人」')
  expect(unlockWords({ tier: null, honourName: null })).toBe('随礼包得到')
  expect(unlockWords(null)).toBe('还没有开放')
})
