import { fault } from '@huiyuan/shared/faults'
import { firstOf, type Gift, rowWords, standingWords } from './standing-words'

const NOW = new Date('2026-11-22T04:00:00Z')
const gift: Gift = {
  giftId: 'birthday',
  kind: 'birthday',
  title: '生日礼',
  contents: [],
  state: 'open',
  refusal: null,
  claimBy: '2026-12-01T15:59:59.999Z',
  againAt: null,
  unlock: null,
  fromName: null,
  opened: null,
  followUp: null,
}
const refused = (refusal: Gift['refusal'], more: Partial<Gift> = {}): Gift => ({
  ...gift,
  state: 'refused',
  claimBy: null,
  refusal,
  ...more,
})
const locked = (unlock: Gift['unlock']) => refused(fault('RIGHT_LOCKED', { tier: unlock?.tier ?? null }), { unlock })
const opened = { openedAt: '2026-11-21T04:00:00Z', contents: [] }

test.each([
  ['open', gift, '生日快乐', '生日礼在等你 · 12 月 1 日前打开', '12 月 1 日前打开'],
  [
    'open, of a friend',
    { ...gift, kind: 'new_member' as const, title: '新人礼', fromName: '小梅' },
    '为你备好了一份新人礼',
    '小梅请你来喝第一盏 · 12 月 1 日前打开',
    '12 月 1 日前打开',
  ],
  [
    'a pack',
    { ...gift, kind: 'trial_pack' as const, title: '岩茶体验装', claimBy: null },
    '为你备好了一份岩茶体验装',
    '打开后到店取',
    '打开后到店取',
  ],
  [
    'opened, and again next year',
    { ...gift, state: 'taken' as const, opened, againAt: '2027-11-20T16:00:00Z' },
    '都是你的了',
    '11 月 21 日打开 · 2027 年 11 月 21 日起又有一份',
    '11 月 21 日打开 · 2027 年 11 月 21 日起又有一份',
  ],
  ['locked', locked({ tier: 2, honourName: null }), '生日礼还没解锁', '升到黄金就有', '升到黄金就有'],
  ['locked for all', locked(null), '生日礼还没解锁', '还没有开放', '还没有开放'],
  [
    'without a day',
    refused(fault('BIRTHDAY_NEEDED')),
    '你的生日是哪天',
    '填好月和日，生日礼会准时等你',
    '填好月和日，生日礼会准时等你',
  ],
  [
    'too early',
    refused(fault('GIFT_NOT_OPEN', { opensAt: '2026-12-04T16:00:00Z' })),
    '生日礼在路上',
    '12 月 5 日起可以打开',
    '12 月 5 日起可以打开',
  ],
  ['gone', refused(fault('GIFT_GONE')), '这份礼送完了', '别的好东西在商城里', '这份礼送完了'],
])('a gift that is %s', (_what, one, title, sub, row) => {
  expect(standingWords(one, NOW)).toEqual({ title, sub })
  expect(rowWords(one, NOW)).toBe(row)
})

test('what can be opened is looked at first, then what waits for a word', () => {
  const [gone, asks, taken] = [
    refused(fault('GIFT_GONE')),
    refused(fault('BIRTHDAY_NEEDED')),
    { ...gift, state: 'taken' as const, opened },
  ]
  expect([firstOf([gone, taken, asks, gift]), firstOf([gone, taken, asks]), firstOf([gone, taken])]).toEqual([
    gift,
    asks,
    taken,
  ])
  expect([firstOf([gone]), firstOf([])]).toEqual([gone, undefined])
})
