import { stepsOf } from './friend-steps'

const NOW = new Date('2026-11-22T04:00:00Z')
const friend = {
  points: 100,
  joinedAt: '2026-11-01T04:00:00.000Z',
  heldAt: '2026-11-05T04:00:00.000Z',
  releaseAt: '2026-11-20T16:00:00.000Z',
  settledAt: '2026-11-21T04:00:00.000Z',
  byActivity: false,
  words: '没能确认是两位不同的朋友，这一份没有算',
}
const course = (more: Partial<Parameters<typeof stepsOf>[0]> & Pick<Parameters<typeof stepsOf>[0], 'state'>) =>
  stepsOf({ ...friend, ...more }, NOW).map(({ state, title, sub }) => [state, title, sub].filter(Boolean).join(' '))

test('a friend is followed from joining to what became of the thanks, and a reason stands where it ended', () => {
  expect(course({ state: 'joined', heldAt: null, words: '还没有下第一单' })).toEqual([
    'done 入会 11 月 1 日',
    'ahead 喝到第一盏 还没有下第一单',
    'ahead 过了退款期，积分到账',
  ])
  expect(course({ state: 'held' })).toEqual([
    'done 入会 11 月 1 日',
    'done 喝到第一盏 11 月 5 日',
    'now 等退款期过去 到 11 月 21 日',
    'ahead 100 积分到账',
  ])
  expect(course({ state: 'held', byActivity: true })[1]).toBe('done 来参加活动 11 月 5 日')
  expect(course({ state: 'review' })[2]).toMatch(/^now 同事正在核对/)
  expect(course({ state: 'released' }).at(-1)).toBe('done 100 积分到账 11 月 21 日')
  expect(course({ state: 'refused' })).toEqual([
    'done 入会 11 月 1 日',
    'done 喝到第一盏 11 月 5 日',
    'bad 没能确认是两位不同的朋友，这一份没有算 11 月 21 日',
  ])
  expect(course({ state: 'joined', past: true, heldAt: null, settledAt: null, words: '活动已经停止' })).toEqual([
    'done 入会 11 月 1 日',
    'bad 活动已经停止',
  ])
  expect(course({ state: 'void', heldAt: null, settledAt: null, words: '这位朋友更早由别人请来' })).toEqual([
    'done 入会 11 月 1 日',
    'bad 这位朋友更早由别人请来',
  ])
})
