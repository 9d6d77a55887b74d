import { giftClaimBy, giftStanding, newPersonRefusal } from './gift'

const NOW = new Date('2026-11-22T04:00:00Z')
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000)
const GIFT = { joinWithinDays: 30, startsAt: new Date('2026-01-01T00:00:00+08:00'), endsAt: null }

describe('who is new', () => {
  test.each([
    ['joined today', daysAgo(0), false, null],
    ['joined on the last day', daysAgo(30), false, null],
    ['joined a day too early', daysAgo(31), false, { code: 'GIFT_OVER', detail: {} }],
    [
      'joined before there was a gift',
      new Date('2025-12-31T15:59:59.999Z'),
      false,
      { code: 'NOT_NEW', detail: { reason: 'joined_before' } },
    ],
    ['has never joined', null, false, { code: 'NOT_NEW', detail: { reason: 'joined_before' } }],
    ['bought with an old card', daysAgo(0), true, { code: 'NOT_NEW', detail: { reason: 'bought_before' } }],
  ])('%s', (_what, newSince, boughtBefore, refusal) => {
    expect(newPersonRefusal({ newSince, boughtBefore }, GIFT, NOW)).toEqual(refusal)
  })

  test('the last day ends with the day in Shanghai, or with the gift', () => {
    const newSince = new Date('2026-11-22T15:59:00Z')
    expect(giftClaimBy(GIFT, newSince).toISOString()).toBe('2026-12-22T15:59:59.999Z')
    const endsAt = new Date('2026-12-01T00:00:00Z')
    expect(giftClaimBy({ ...GIFT, endsAt }, newSince)).toEqual(endsAt)
  })
})

describe('how a gift stands', () => {
  const facts = { newSince: daysAgo(1), boughtBefore: false, gift: GIFT, taken: false, gone: false }
  test('open, until a day', () => {
    expect(giftStanding(facts, NOW)).toEqual({
      state: 'open',
      refusal: null,
      claimBy: new Date('2026-12-21T15:59:59.999Z'),
    })
  })

  test('taken, however it stands otherwise', () => {
    expect(giftStanding({ ...facts, taken: true, gone: true, boughtBefore: true }, NOW)).toEqual({
      state: 'taken',
      refusal: null,
      claimBy: null,
    })
  })

  test.each([
    ['gone', { gone: true }, 'GIFT_GONE'],
    ['not new before gone', { gone: true, boughtBefore: true }, 'NOT_NEW'],
    ['never joined', { newSince: null }, 'NOT_NEW'],
  ])('refused: %s', (_what, more, code) => {
    expect(giftStanding({ ...facts, ...more }, NOW)).toMatchObject({
      state: 'refused',
      refusal: { code },
      claimBy: null,
    })
  })
})
