/// <reference types="jest" />
import { figureWords, valueText, windowWords } from './campaign-words'
import {
  checkObligation,
  checkReferral,
  type ObligationBase,
  obligationDraft,
  type ReferralBase,
  referralDraft,
} from './draft'
import { daysOf, fenOf, morningOf, wholeOf } from './typed'

const FRIENDS: ReferralBase = {
  campaignId: 'autumn',
  title: '请朋友喝第一盏',
  words: '想请你尝一盏',
  rewardPoints: 100,
  minOrderFen: 1_550,
  holdDays: 15,
  perInviterCap: 10,
  budgetPoints: 100_000,
  spentPoints: 300,
  trigger: 'first_order',
  windowDays: 7,
  startsAt: '2026-11-20T05:06:07.089Z',
  endsAt: '2026-12-31T16:00:00.000Z',
  stoppedAt: null,
  state: 'running',
  revision: 4,
}
const REVIEW = {
  ...FRIENDS,
  obligationId: 'review',
  kind: 'review',
  mark: 'chat',
  trigger: 'review',
  labelled: true,
  wants: { text: { min: 20, max: 300 }, rating: true, order: true },
  ...{ target: 1, period: 'monthly', cooldownHours: 0, storeId: null, tierGate: 1, honourId: null, rewardCoupon: null },
  ...{
    countsFromFen: 0,
    forHonourId: null,
    keepsHonourId: null,
    articleId: null,
    sku: null,
    dueDays: null,
    mostTries: 3,
  },
  position: 3,
} as unknown as ObligationBase

test('what nobody touched is sent as it was, to the millisecond and with what its form does not show', () => {
  const { title, words, holdDays, minOrderFen, windowDays, startsAt, endsAt, budgetPoints, revision, campaignId } =
    FRIENDS
  const { input, violations, problems } = checkReferral(referralDraft(FRIENDS), FRIENDS)
  expect({ violations, problems }).toEqual({ violations: [], problems: {} })
  expect(input).toMatchObject({
    title,
    words,
    holdDays,
    minOrderFen,
    windowDays,
    startsAt,
    endsAt,
    budgetPoints,
    revision,
    campaignId,
  })
  const duty = checkObligation(obligationDraft(REVIEW), REVIEW)
  expect(duty.violations).toEqual([])
  expect(duty.input).toMatchObject({
    wants: REVIEW.wants,
    startsAt,
    endsAt,
    position: 3,
    labelled: true,
    period: 'monthly',
  })
})

test('what was picked for one kind of small thing goes with no other, unless nobody touched the kind', () => {
  const named = { ...REVIEW, articleId: 'spring', sku: 'oolong', dueDays: 10, mostTries: 5 } as ObligationBase
  const draft = obligationDraft(named)
  expect(checkObligation(draft, named).input).toMatchObject({
    ...{ articleId: 'spring', sku: 'oolong', dueDays: 10, mostTries: 5 },
  })
  const news = { ...draft, kind: 'spread_news' as const, trigger: 'reader_acted' as const, dueDays: '', tries: '' }
  expect(checkObligation(news, named)).toMatchObject({
    problems: {},
    input: { articleId: 'spring', sku: null, dueDays: null, mostTries: 5 },
  })
  expect(checkObligation({ ...draft, kind: 'product_test', trigger: 'handed_in' }, named).input).toMatchObject({
    ...{ articleId: null, sku: 'oolong' },
  })
  expect(Object.keys(checkObligation({ ...draft, dueDays: '366', tries: '11' }, named).problems)).toEqual([
    'dueDays',
    'tries',
  ])
})

test('what is typed is read, and what cannot be read is told', () => {
  const draft = {
    ...referralDraft(FRIENDS),
    endsOn: '2026-12-24',
    budget: '',
    cap: '51',
    points: '',
    minOrderYuan: '十五',
  }
  const { input, violations, problems } = checkReferral(draft, FRIENDS)
  expect(input.endsAt).toBe('2026-12-24T16:00:00.000Z')
  expect(violations.map(({ rule, field }) => [rule, field])).toEqual([
    ['no_budget', 'budgetPoints'],
    ['no_cap', 'perPersonCap'],
  ])
  expect(Object.keys(problems)).toEqual(['points', 'minOrderYuan'])
  const wild = { ...draft, budget: '900', cap: '5', extras: ['levels', 'locks'] as const, trigger: 'join' as const }
  expect(checkReferral({ ...wild, extras: [...wild.extras] }, null).violations.map(({ rule }) => rule)).toEqual([
    'pay_per_head',
    'forced_share',
    'second_level',
  ])
  expect([wholeOf(' 12 '), wholeOf('1.5'), wholeOf('-1'), wholeOf('')]).toEqual([12, null, null, null])
  expect([fenOf('15.5'), fenOf('15.555'), fenOf('')]).toEqual([1_550, null, null])
  expect([morningOf('2026-02-30'), morningOf('26-1-1'), morningOf('2026-03-01')]).toEqual([
    null,
    null,
    new Date('2026-02-28T16:00:00Z'),
  ])
  expect(daysOf({ startsOn: 'x', endsOn: '' }, null)).toEqual({ startsAt: null, endsAt: null })
})

test('figures, days and changes in words', () => {
  const now = new Date('2026-11-22T04:00:00Z')
  expect(figureWords({ held: 2, released: 1_200, joined: 0 })).toEqual(['等待期\u00a02', '已发放\u00a01,200'])
  expect(figureWords({ accepted: 2, in_progress: 1, lapsed: 4 }, true)).toEqual(['已过期\u00a07'])
  expect(windowWords(FRIENDS.startsAt, FRIENDS.endsAt, now)).toBe('11 月 20 日 – 12 月 31 日')
  expect(windowWords(FRIENDS.startsAt, null, now)).toBe('11 月 20 日起')
  expect(valueText('endsAt', FRIENDS.endsAt, now)).toBe('12 月 31 日')
  expect(valueText('minOrderFen', '1550', now)).toBe('15.5 元')
  expect([valueText('budgetPoints', '100000', now), valueText('storeId', null, now)]).toEqual(['100,000', '无'])
  expect([valueText('wants', '{"text":1}', now), valueText('labelled', 'true', now)]).toEqual(['有改动', '是'])
})
