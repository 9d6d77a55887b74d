import type { Fault } from '@huiyuan/shared/faults'
import {
  endNote,
  endWords,
  groupOf,
  nextWords,
  periodName,
  proofWords,
  rewardWords,
  sortWords,
  startGroup,
  unitOf,
  whenWords,
} from './group'
import { obligationOf as one, submissionOf } from './obligation.fixture'

const NOW = new Date('2026-11-22T04:00:00Z')

test('every state has its place, and the page begins where there is something', () => {
  const states = [
    'open',
    'accepted',
    'in_progress',
    'submitted',
    'rewarded',
    'approved',
    'lapsed',
    'clawed_back',
  ] as const
  expect(states.map((state) => groupOf(one({ state })))).toEqual([
    ...['open', 'doing', 'doing', 'doing'],
    ...['done', 'done', 'done', 'done'],
  ])
  expect(startGroup([])).toBe('open')
  expect(startGroup([one({ state: 'lapsed' })])).toBe('done')
  expect(startGroup([one({ state: 'lapsed' }), one({ state: 'open' })])).toBe('open')
  expect(startGroup([one({ state: 'open' }), one({ state: 'accepted' })])).toBe('doing')
})

test('what came back is under way as long as it can be handed in again or appealed against', () => {
  const over: Fault = { code: 'TRIES_OVER', detail: { limit: 3 } }
  const back = (handInRefusal: Fault | null, more = {}) =>
    groupOf(one({ state: 'rejected', handInRefusal, submission: submissionOf({ state: 'rejected', ...more }) }))
  const appeal = { words: '', askedAt: '', answer: null }
  expect(back(null)).toBe('doing')
  expect(back(over)).toBe('done')
  expect(back(over, { mayAppealUntil: '2026-12-20T15:59:59.999Z' })).toBe('doing')
  expect(back(over, { appeal: { ...appeal, state: 'asked' } })).toBe('doing')
  expect(back(over, { appeal: { ...appeal, state: 'declined' } })).toBe('done')
})

test('says of what sort it is, how it counts, where and until when', () => {
  expect(sortWords({ kind: 'ambassador_duty', period: 'monthly' })).toBe('代言人的事 · 每月一次')
  expect(sortWords({ kind: 'review', period: 'once' })).toBe('真心评价')
  expect(whenWords(one(), NOW)).toBe('到 12 月 31 日')
  expect(whenWords(one({ startsAt: '2026-11-29T00:00:00.000Z' }), NOW)).toBe('11 月 29 日开始，到 12 月 31 日')
  expect(whenWords(one({ dueAt: '2026-11-30T16:00:00.000Z' }), NOW)).toBe('到 11 月 30 日')
  expect(proofWords(one())).toBe('店员扫码确认')
  expect(proofWords(one({ storeName: '湖滨店' }))).toBe('到湖滨店，店员扫码确认')
  expect(proofWords(one({ proof: 'counted', counts: 'friend_rewarded' }))).toMatch(/^朋友的首单/)
  expect(proofWords(one({ proof: 'counted', counts: 'reader_acted' }))).toMatch(/^读的人/)
  expect(proofWords(one({ proof: 'handed_in' }))).toMatch(/^写好交上来/)
  expect([unitOf(one()), unitOf({ counts: 'order' }), unitOf({ counts: 'reader_acted' })]).toEqual(['次', '单', '位'])
})

test('says what there is for it, from when on it counts again, how it ended, and when it was', () => {
  expect(rewardWords(one())).toBe('200 积分和「惜杯人」')
  expect(rewardWords(one({ rewardPoints: 0, honourName: null }))).toBe('一声谢谢')
  expect(nextWords('2026-11-22T10:30:00.000Z', NOW)).toBe('今天 18:30 以后可以再记')
  expect(nextWords('2026-11-23T00:30:00.000Z', NOW)).toBe('明天 08:30 以后可以再记')
  const finishedAt = '2026-11-20T04:00:00.000Z'
  expect(endWords(one({ state: 'lapsed' }), NOW)).toBe('时间过了')
  expect(endWords(one({ state: 'rewarded', finishedAt }), NOW)).toBe('11 月 20 日做完')
  expect(endWords(one({ state: 'approved', finishedAt, reason: 'budget' }), NOW)).toBe('11 月 20 日做完，谢礼已发完')
  expect(endWords(one({ state: 'clawed_back', finishedAt }), NOW)).toBe('11 月 20 日收回了')
  expect(endNote(one({ state: 'clawed_back', pointsGiven: 60 }))).toContain('60 积分已收回')
  expect(endNote(one({ state: 'approved', reason: 'budget' }))).toContain('发完')
  expect([endNote(one()), endNote(one({ state: 'rewarded' }))]).toEqual([null, null])
  expect(['2026-11-20', '2026-W47', '2026-10', ''].map(periodName)).toEqual([
    '11 月 20 日',
    '2026 年第 47 周',
    '2026 年 10 月',
    '这一次',
  ])
})
