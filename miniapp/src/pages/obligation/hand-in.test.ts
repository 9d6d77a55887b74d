import { handInGaps, type Wants } from '@huiyuan/shared/obligation-proof'
import fc from 'fast-check'
import { type HandIn, missingOf, sentForm, startOf } from './hand-in-form'
import { obligationOf, submissionOf } from './obligation.fixture'
import { type Photo, type PhotoEvent, photosAfter } from './photos'
import { handInSteps, handInTag } from './standing'

const NOW = new Date('2026-11-22T04:00:00Z')

const span = (most: number) =>
  fc.tuple(fc.nat(most), fc.nat(most)).map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b, 1) }))
const wants: fc.Arbitrary<Wants> = fc.record(
  { photos: span(4), text: span(30), link: fc.boolean(), rating: fc.boolean(), order: fc.boolean() },
  { requiredKeys: [] },
)
const photo: fc.Arbitrary<Photo> = fc.record({
  key: fc.uuid(),
  path: fc.constant('p'),
  bytes: fc.constant(9),
  state: fc.constantFrom('sent', 'sent', 'sent', 'sending', 'failed'),
  progress: fc.constant(0),
  uploadId: fc.uuid(),
})
const form: fc.Arbitrary<HandIn> = fc.record({
  text: fc.string({ maxLength: 30 }),
  link: fc.constantFrom('', 'https://tea.example/a', 'http://tea.example', '随便写写'),
  rating: fc.nat(5),
  order: fc.constantFrom('', 'order-1'),
  photos: fc.array(photo, { maxLength: 4 }),
})

test('what the form calls whole the server does not call incomplete, and the form says of the rest what is missing', () => {
  fc.assert(
    fc.property(wants, form, (asked, filled) => {
      // the wall and the field take no more than the most
      const most = filled.photos.slice(0, asked.photos?.max ?? 0)
      const whole = { ...filled, text: filled.text.slice(0, asked.text?.max ?? 0), photos: most }
      const missing = missingOf(whole, asked)
      if (missing.length === 0) expect(handInGaps(asked, sentForm(whole, asked))).toEqual([])
      else expect(missing.join()).toMatch(/\p{Script=Han}/u)
    }),
  )
})

test('what came back is begun with again, and the only purchase is chosen', () => {
  const back = submissionOf({ state: 'rejected', link: 'https://tea.example', orderId: 'b' })
  expect(startOf(back, [{ orderId: 'a' }, { orderId: 'b' }])).toEqual({
    text: '桂花香得刚好',
    link: 'https://tea.example',
    rating: 4,
    order: 'b',
  })
  expect(startOf(submissionOf({ state: 'approved' }), [{ orderId: 'a' }])).toMatchObject({ text: '', order: 'a' })
})

test('a picture goes up, fails, goes up again; what was taken away stays away', () => {
  const fault = { code: 'OFFLINE', detail: {} } as const
  const after = (...events: PhotoEvent[]) => events.reduce(photosAfter, [] as Photo[])
  const added: PhotoEvent = { kind: 'added', photos: [{ key: 'a', path: 'x', bytes: 9 }] }
  const half: PhotoEvent = { kind: 'progress', key: 'a', progress: 0.5 }
  const back: PhotoEvent = { kind: 'progress', key: 'a', progress: 0.2 }
  const failed: PhotoEvent = { kind: 'failed', key: 'a', fault }
  expect(after(added, half, back)).toMatchObject([{ state: 'sending', progress: 0.5 }])
  expect(after(added, half, failed)).toMatchObject([{ state: 'failed', fault }])
  const again = after(added, half, failed, { kind: 'again', key: 'a' })
  expect(again).toEqual([{ key: 'a', path: 'x', bytes: 9, state: 'sending', progress: 0 }])
  expect(photosAfter(again, { kind: 'sent', key: 'a', uploadId: 'u' })).toMatchObject([
    { state: 'sent', uploadId: 'u' },
  ])
  expect(after(added, { kind: 'removed', key: 'a' }, { kind: 'sent', key: 'a', uploadId: 'u' })).toEqual([])
})

test('a hand-in has its course and its tag in every state', () => {
  const decidedAt = '2026-11-21T04:00:00.000Z'
  const reasonWords = '看不清楚'
  const appeal = { words: '', askedAt: decidedAt, answer: null }
  const courses = [
    submissionOf({ state: 'checking' }),
    submissionOf(),
    submissionOf({ state: 'rejected', nth: 2, decidedAt, reasonWords }),
    submissionOf({ state: 'rejected', decidedAt, reasonWords, appeal: { ...appeal, state: 'asked' } }),
    submissionOf({ state: 'rejected', decidedAt, reasonWords, appeal: { ...appeal, state: 'declined' } }),
    submissionOf({ state: 'approved', decidedAt }),
  ].map((submission) => ({
    steps: handInSteps(submission, NOW).map(({ title, state }) => `${state} ${title}`),
    tag: handInTag(obligationOf({ state: submission.state === 'rejected' ? 'rejected' : 'submitted', submission }))
      ?.words,
  }))
  expect(courses).toEqual([
    { steps: ['done 交上来了', 'now 图片正在过安全检查', 'ahead 同事来看', 'ahead 通过，谢礼送到'], tag: '检查中' },
    { steps: ['done 交上来了', 'now 同事正在看', 'ahead 通过，谢礼送到'], tag: '审核中' },
    { steps: ['done 第 2 次交上来', 'bad 看不清楚'], tag: '没有通过' },
    { steps: ['done 交上来了', 'bad 看不清楚', 'now 另一位同事再看一遍'], tag: '申诉中' },
    { steps: ['done 交上来了', 'bad 看不清楚', 'bad 再看之后，还是没有通过'], tag: '没有通过' },
    { steps: ['done 交上来了', 'done 通过了'], tag: undefined },
  ])
})
