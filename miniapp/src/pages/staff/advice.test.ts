/// <reference types="jest" />
import { fault } from '@huiyuan/shared/faults'
import { adviceOf } from './advice'
import type { Quote } from './phase'

const coupon = (title: string, missingFen: number): Quote['coupons'][number] => ({
  couponId: title,
  title,
  expiresAt: '2026-12-07T15:59:59.999Z',
  offFen: 0,
  refusal: fault('COUPON_SHORT', { missingFen }),
  chosen: false,
})

const quote = (part: Partial<Quote>): Quote => ({
  fullFen: 2_400,
  payableFen: 2_352,
  offFen: 48,
  receipt: [],
  couponIds: [],
  lines: [],
  pointsPay: { used: 0, offFen: 0, mostPoints: 0, mostOffFen: 0 },
  exact: true,
  earnPercent: 100,
  points: 23,
  growth: 23,
  activeAt: '2026-12-06T16:00:00.000Z',
  tierAfter: 1,
  words: ['获得 23 积分，12 月 7 日生效'],
  packet: null,
  coupons: [],
  ...part,
})

test('names the coupon that is nearest', () =>
  expect(adviceOf(quote({ coupons: [coupon('满 35 减 9', 1_100), coupon('满 30 减 8', 600)] }), 1)).toEqual([
    '再加 ¥6.00，能用「满 30 减 8」',
  ]))

test('says nothing of a coupon that is far away, or beside one that is taken', () => {
  expect(adviceOf(quote({ coupons: [coupon('满 60 减 20', 3_600)] }), 1)).toEqual([])
  expect(adviceOf(quote({ coupons: [coupon('满 30 减 8', 600)], couponIds: ['other'] }), 1)).toEqual([])
})

test('names what is missing to a rule of the house', () => {
  const near = {
    rule: 'right:volume_3',
    kind: 'volume_discount',
    state: 'near',
    title: '满 3 件 9 折',
    offFen: 0,
  } as const
  expect(adviceOf(quote({ receipt: [{ ...near, words: '再买 1 件享 9 折' }] }), 1)).toEqual(['再买 1 件享 9 折'])
})

test('tells the way to the next tier, unless this order gets there', () => {
  const words = ['获得 23 积分，12 月 7 日生效', '再积 40 成长值升黄金']
  expect(adviceOf(quote({ words }), 1)).toEqual(['付完再积 40 成长值升黄金'])
  expect(adviceOf(quote({ words, tierAfter: 2 }), 1)).toEqual([])
})
