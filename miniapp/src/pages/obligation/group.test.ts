import { endWords, groupOf, howWords, nextWords, rewardWords, startGroup } from './group'
import type { Obligation } from './obligations'

const NOW = new Date('2026-11-22T04:00:00Z')
const one = (more: Partial<Obligation> = {}): Obligation => ({
  obligationId: 'own_cup',
  kind: 'check_in',
  title: '带自己的杯子',
  words: '',
  mark: 'cup',
  target: 10,
  progress: 9,
  state: 'in_progress',
  refusal: null,
  startsAt: '2026-11-01T00:00:00.000Z',
  endsAt: '2026-12-31T15:59:59.999Z',
  storeName: null,
  proof: 'staff_scan',
  rewardPoints: 200,
  honourName: '惜杯人',
  acceptedAt: null,
  finishedAt: null,
  nextAt: null,
  ...more,
})

test('every state has its place, and the page begins where there is something', () => {
  const states = ['open', 'accepted', 'in_progress', 'rewarded', 'approved', 'lapsed'] as const
  expect(states.map((state) => groupOf({ state }))).toEqual(['open', 'doing', 'doing', 'done', 'done', 'done'])
  expect(startGroup([])).toBe('open')
  expect(startGroup([{ state: 'lapsed' }])).toBe('done')
  expect(startGroup([{ state: 'lapsed' }, { state: 'open' }])).toBe('open')
  expect(startGroup([{ state: 'open' }, { state: 'accepted' }])).toBe('doing')
})

test('says how, where and until when', () => {
  expect(howWords(one(), NOW)).toBe('店员扫码确认，到 12 月 31 日')
  expect(howWords(one({ storeName: '湖滨店', startsAt: '2026-11-29T00:00:00.000Z' }), NOW)).toBe(
    '到湖滨店，店员扫码确认，11 月 29 日开始，到 12 月 31 日',
  )
})

test('says what there is for it, from when on it counts again, and how it ended', () => {
  expect(rewardWords(one())).toBe('200 积分和「惜杯人」')
  expect(rewardWords(one({ rewardPoints: 0, honourName: null }))).toBe('一声谢谢')
  expect(nextWords('2026-11-22T10:30:00.000Z', NOW)).toBe('今天 18:30 以后可以再记')
  expect(nextWords('2026-11-23T00:30:00.000Z', NOW)).toBe('明天 08:30 以后可以再记')
  expect(endWords(one({ state: 'lapsed' }), NOW)).toBe('时间过了')
  expect(endWords(one({ state: 'rewarded', finishedAt: '2026-11-20T04:00:00.000Z' }), NOW)).toBe('11 月 20 日做完')
})
