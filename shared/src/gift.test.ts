import {
  type BirthdayFacts,
  birthdayStanding,
  giftClaimBy,
  giftStanding,
  newPersonRefusal,
  trialStanding,
} from './gift'

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

describe('how a birthday gift stands', () => {
  const right = { state: 'available' as const, unlock: null, until: null }
  const facts: BirthdayFacts = {
    gift: { daysBefore: 3, daysAfter: 7, endsAt: null },
    right,
    birthday: { month: 11, day: 24 },
    years: [],
    gone: false,
  }
  const stands = (more: Partial<BirthdayFacts>) => birthdayStanding({ ...facts, ...more }, NOW)

  test('open within its days, until they, the gift or the right end', () => {
    expect(stands({})).toEqual({
      state: 'open',
      refusal: null,
      claimBy: new Date('2026-12-01T15:59:59.999Z'),
      occasion: '2026',
      againAt: null,
    })
    const soon = new Date('2026-11-23T00:00:00Z')
    expect(stands({ gift: { ...facts.gift, endsAt: soon } }).claimBy).toEqual(soon)
    expect(stands({ right: { ...right, until: soon } }).claimBy).toEqual(soon)
  })

  test('taken for the year of that birthday, with the day on which it comes again', () => {
    const again = new Date('2027-11-20T16:00:00Z')
    expect(stands({ years: ['2025', '2026'] })).toMatchObject({ state: 'taken', occasion: '2026', againAt: again })
    expect(stands({ years: ['2026'], right: null }).state).toBe('taken')
    expect(stands({ years: ['2025'] }).state).toBe('open')
    // days around the turn of the year belong to the birthday of the next
    const turn = { birthday: { month: 1, day: 2 }, gift: { ...facts.gift, daysBefore: 60 } }
    expect(stands(turn)).toMatchObject({ state: 'open', occasion: '2027' })
    expect(stands({ ...turn, years: ['2026'] }).state).toBe('open')
    expect(stands({ ...turn, years: ['2027'] }).againAt).toEqual(new Date('2027-11-02T16:00:00Z'))
  })

  test.each([
    ['without the right', { right: null }, { code: 'RIGHT_LOCKED', detail: { tier: null } }],
    [
      'below the tier',
      { right: { ...right, state: 'locked' as const, unlock: { tier: 2, honourId: null } }, birthday: null },
      { code: 'RIGHT_LOCKED', detail: { tier: 2 } },
    ],
    ['before the day is known', { birthday: null }, { code: 'BIRTHDAY_NEEDED', detail: {} }],
    [
      'before its days',
      { birthday: { month: 11, day: 26 }, gone: true },
      { code: 'GIFT_NOT_OPEN', detail: { opensAt: '2026-11-22T16:00:00.000Z' } },
    ],
    [
      'after its days, until next year',
      { birthday: { month: 11, day: 14 } },
      { code: 'GIFT_NOT_OPEN', detail: { opensAt: '2027-11-10T16:00:00.000Z' } },
    ],
    [
      'when the gift ends before its days come',
      { birthday: { month: 11, day: 14 }, gift: { ...facts.gift, endsAt: new Date('2027-01-01T00:00:00Z') } },
      { code: 'GIFT_OVER', detail: {} },
    ],
    ['when it is gone', { gone: true }, { code: 'GIFT_GONE', detail: {} }],
  ])('refused %s', (_what, more, refusal) => {
    expect(stands(more)).toMatchObject({ state: 'refused', refusal, claimBy: null })
  })
})

test('a trial pack stands open for whom a right brings it, until it is taken, over or gone', () => {
  const right = { state: 'available' as const, unlock: null, until: null }
  const facts = { gift: { endsAt: null }, right, taken: false, gone: false }
  const endsAt = new Date(NOW.getTime() + 1)
  expect(trialStanding(facts, NOW)).toEqual({ state: 'open', refusal: null, claimBy: null })
  expect(trialStanding({ ...facts, gift: { endsAt } }, NOW).claimBy).toEqual(endsAt)
  expect(trialStanding({ ...facts, taken: true, right: null }, NOW).state).toBe('taken')
  expect(trialStanding({ ...facts, right: null }, NOW).refusal?.code).toBe('RIGHT_LOCKED')
  expect(trialStanding({ ...facts, gift: { endsAt: daysAgo(1) }, gone: true }, NOW).refusal?.code).toBe('GIFT_OVER')
  expect(trialStanding({ ...facts, gone: true }, NOW).refusal?.code).toBe('GIFT_GONE')
})
