import fc from 'fast-check'
import {
  earnPercentOf,
  nextPeriodAt,
  type OwnRight,
  periodKeyOf,
  type RightHolder,
  type RightPeriod,
  type RightRow,
  rightsOf,
} from './right'

const NOW = new Date('2026-11-22T04:00:00.000Z')
type Early = RightRow<'early_access'>
const right = (more: Partial<Early> = {}): Early => ({
  rightId: 'gold',
  kind: 'early_access',
  title: '黄金早享',
  words: '提前 24 小时',
  tierFrom: 2,
  honourId: null,
  quota: 2,
  period: 'month',
  payload: { hours: 24 },
  startsAt: new Date('2026-01-01T00:00:00Z'),
  endsAt: null,
  ...more,
})
const who = (more: Partial<RightHolder> = {}): RightHolder => ({ tier: 2, honours: [], grants: [], uses: {}, ...more })
const stateOf = (row: Partial<Early>, holder: Partial<RightHolder>, now = NOW) => {
  const [own] = rightsOf([right(row)], who(holder), now)
  return own && { state: own.state, left: own.left, backAt: own.backAt?.toISOString() ?? null, unlock: own.unlock }
}
const used = (times: number, key = '2026-11') => ({ uses: { gold: { [key]: times } } })

const gift = (expiresAt: Date | null, rightId = 'gold') => ({ rightId, expiresAt })

test.each<[string, Partial<Early>, Partial<RightHolder>, unknown]>([
  ['there, all of it', {}, {}, { state: 'available', left: 2, backAt: null, unlock: null }],
  ['there, one left', {}, used(1), { state: 'available', left: 1, backAt: null, unlock: null }],
  [
    'used up, back with the month in Shanghai',
    {},
    used(2),
    { state: 'used_up', left: 0, backAt: '2026-11-30T16:00:00.000Z', unlock: null },
  ],
  [
    'used more than the quota after a merge: nothing left, not less',
    {},
    used(5),
    { state: 'used_up', left: 0, backAt: '2026-11-30T16:00:00.000Z', unlock: null },
  ],
  ['used in another month', {}, used(2, '2026-10'), { state: 'available', left: 2, backAt: null, unlock: null }],
  [
    'used up for ever',
    { quota: 1, period: 'once' },
    used(1, 'once'),
    { state: 'used_up', left: 0, backAt: null, unlock: null },
  ],
  [
    'without a limit',
    { quota: null, period: null },
    used(99, 'once'),
    { state: 'available', left: null, backAt: null, unlock: null },
  ],
  [
    'for a higher tier',
    {},
    { tier: 1 },
    { state: 'locked', left: 0, backAt: null, unlock: { tier: 2, honourId: null } },
  ],
  [
    'by tier or by an honour: what unlocks is told',
    { honourId: 'tea' },
    { tier: 1 },
    { state: 'locked', left: 0, backAt: null, unlock: { tier: 2, honourId: 'tea' } },
  ],
  [
    'by an honour that is worn',
    { tierFrom: null, honourId: 'tea' },
    { tier: 1, honours: ['tea'] },
    { state: 'available', left: 2, backAt: null, unlock: null },
  ],
  [
    'brought by a gift, until then',
    { tierFrom: null },
    { grants: [gift(new Date(NOW.getTime() + 1))] },
    { state: 'available', left: 2, backAt: null, unlock: null },
  ],
  [
    'brought by a gift that has ended, or for another right',
    { tierFrom: null },
    { grants: [gift(NOW), gift(null, 'other')] },
    { state: 'locked', left: 0, backAt: null, unlock: { tier: null, honourId: null } },
  ],
  [
    'used up, and gone before it would be back',
    { tierFrom: null },
    { grants: [gift(new Date('2026-11-30T15:59:59.999Z'))], ...used(2) },
    { state: 'used_up', left: 0, backAt: null, unlock: null },
  ],
  ['not begun', { startsAt: new Date(NOW.getTime() + 1) }, {}, undefined],
  ['over, to the millisecond', { endsAt: NOW }, {}, undefined],
])('%s', (_name, row, holder, told) => {
  expect(stateOf(row, holder)).toEqual(told)
})

test.each<[RightPeriod | null, string, string, string | null]>([
  ['day', '2026-11-22T15:59:59.999Z', '2026-11-22', '2026-11-22T16:00:00.000Z'],
  ['day', '2026-11-22T16:00:00.000Z', '2026-11-23', '2026-11-23T16:00:00.000Z'],
  ['month', '2026-12-31T15:59:59.999Z', '2026-12', '2026-12-31T16:00:00.000Z'],
  ['month', '2026-12-31T16:00:00.000Z', '2027-01', '2027-01-31T16:00:00.000Z'],
  ['year', '2026-12-31T15:59:59.999Z', '2026', '2026-12-31T16:00:00.000Z'],
  ['year', '2026-12-31T16:00:00.000Z', '2027', '2027-12-31T16:00:00.000Z'],
  ['once', '2026-12-31T16:00:00.000Z', 'once', null],
  [null, '2026-12-31T16:00:00.000Z', 'once', null],
])('a use of the period %s at %s counts under %s, until %s', (period, at, key, next) => {
  expect(periodKeyOf(period, new Date(at))).toBe(key)
  expect(nextPeriodAt(period, new Date(at))?.toISOString() ?? null).toBe(next)
})

test('says what brings it and until when: the most lasting of tier, honour and gifts', () => {
  const [soon, late] = [new Date('2026-12-01T00:00:00Z'), new Date('2026-12-05T00:00:00Z')]
  const told = (row: Partial<Early>, holder: Partial<RightHolder>) => {
    const [own] = rightsOf([right({ honourId: 'tea', ...row })], who(holder), NOW)
    return [own?.from, own?.until]
  }
  expect(told({}, { grants: [gift(soon)] })).toEqual(['tier', null])
  expect(told({ endsAt: late }, { tier: 1, honours: ['tea'], grants: [gift(null)] })).toEqual(['honour', late])
  expect(told({}, { tier: 1, grants: [gift(soon), gift(late)] })).toEqual(['gift', late])
  expect(told({}, { tier: 1, grants: [gift(soon), gift(null)] })).toEqual(['gift', null])
  expect(told({ endsAt: soon }, { tier: 1, grants: [gift(late)] })).toEqual(['gift', soon])
})

describe('points', () => {
  const more = (percent: number, weekdays?: number[], standing: Partial<OwnRight> = {}): OwnRight => ({
    ...right(),
    kind: 'points_multiplier',
    payload: { percent, weekdays },
    ...{ state: 'available', left: null, backAt: null, unlock: null, from: 'tier', until: null },
    ...(standing as object),
  })
  // a Sunday in Shanghai until 16:00 UTC
  test.each<[string, OwnRight[], string, number]>([
    ['nothing', [], '2026-11-22T04:00:00Z', 100],
    ['the best one, not their sum', [more(120), more(150)], '2026-11-22T04:00:00Z', 150],
    ['on its day', [more(200, [7])], '2026-11-22T15:59:59Z', 200],
    ['not on another', [more(200, [7])], '2026-11-22T16:00:00Z', 100],
    ['on Monday', [more(200, [1])], '2026-11-22T16:00:00Z', 200],
    ['not while locked', [more(200, undefined, { state: 'locked' })], '2026-11-22T04:00:00Z', 100],
  ])('by %s', (_name, rights, at, percent) => {
    expect(earnPercentOf(rights, new Date(at))).toBe(percent)
  })
})

describe('for any instant', () => {
  const instant = fc.date({ min: new Date('2024-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  const period = fc.constantFrom<RightPeriod>('day', 'month', 'year')

  test('a period lasts to the millisecond before the next, which has another key', () => {
    fc.assert(
      fc.property(instant, period, (at, each) => {
        const next = nextPeriodAt(each, at) as Date
        expect(next.getTime()).toBeGreaterThan(at.getTime())
        expect(periodKeyOf(each, new Date(next.getTime() - 1))).toBe(periodKeyOf(each, at))
        expect(periodKeyOf(each, next)).not.toBe(periodKeyOf(each, at))
      }),
    )
  })

  test('what is used up says when it is back, and is back then and not a millisecond before', () => {
    fc.assert(
      fc.property(instant, period, fc.integer({ min: 1, max: 9 }), fc.nat(4), (at, each, quota, above) => {
        const holder = { uses: { gold: { [periodKeyOf(each, at)]: quota + above } } }
        const row = { quota, period: each, startsAt: new Date(0) }
        const told = stateOf(row, holder, at)
        expect(told?.state).toBe('used_up')
        const back = new Date(told?.backAt as string)
        expect(stateOf(row, holder, new Date(back.getTime() - 1))?.state).toBe('used_up')
        expect(stateOf(row, holder, back)).toMatchObject({ state: 'available', left: quota })
      }),
    )
  })

  test('everybody gets every right that runs, in order, with one whole answer; the same facts give the same, and change nothing', () => {
    const ids = ['a', 'b', 'c']
    const rows = fc.tuple(
      ...ids.map((rightId) =>
        fc.record({
          rightId: fc.constant(rightId),
          tierFrom: fc.option(fc.integer({ min: 1, max: 6 })),
          honourId: fc.option(fc.constant('tea')),
          limit: fc.option(fc.record({ quota: fc.integer({ min: 1, max: 3 }), period })),
          endsAt: fc.option(instant),
        }),
      ),
    )
    const grant = fc.record({ rightId: fc.constantFrom(...ids), expiresAt: fc.option(instant) })
    const holder = fc.record({
      tier: fc.nat(6),
      honours: fc.subarray(['tea']),
      grants: fc.array(grant, { maxLength: 3 }),
      used: fc.nat(4),
    })
    fc.assert(
      fc.property(rows, holder, instant, (wishes, { used: times, ...some }, now) => {
        const all = wishes.map(({ limit, ...row }) =>
          right({ ...row, quota: null, period: null, ...limit, startsAt: new Date(0) }),
        )
        const uses = Object.fromEntries(all.map((row) => [row.rightId, { [periodKeyOf(row.period, now)]: times }]))
        const asked = { ...some, uses }
        const before = JSON.stringify([all, asked])
        const told = rightsOf(all, asked, now)
        expect([rightsOf(all, asked, now), JSON.stringify([all, asked])]).toEqual([told, before])
        expect(told.map(({ rightId }) => rightId)).toEqual(
          all.filter(({ endsAt }) => endsAt === null || endsAt > now).map(({ rightId }) => rightId),
        )
        for (const { state, left, backAt, unlock, from, until, quota } of told) {
          expect([unlock === null, from === null]).toEqual(state === 'locked' ? [false, true] : [true, false])
          expect(left).toEqual(state === 'available' ? (quota === null ? null : expect.any(Number)) : 0)
          if (left !== null) expect(left > 0).toBe(state === 'available')
          if (backAt) expect([state, backAt > now, until === null || backAt < until]).toEqual(['used_up', true, true])
          expect(until === null || until > now).toBe(true)
        }
      }),
    )
  })

  test('a higher tier never has less, and a use never leaves more', () => {
    const tier = fc.integer({ min: 0, max: 6 })
    fc.assert(
      fc.property(tier, tier, fc.nat(3), fc.nat(3), fc.option(fc.constantFrom(1, 3, 6)), (a, b, n, more, tierFrom) => {
        const row = { tierFrom, honourId: 'tea' }
        const left = (holder: Partial<RightHolder>) => stateOf(row, holder)?.left ?? Number.POSITIVE_INFINITY
        expect(left({ tier: Math.max(a, b), ...used(n) })).toBeGreaterThanOrEqual(
          left({ tier: Math.min(a, b), ...used(n) }),
        )
        expect(left({ tier: a, ...used(n + more) })).toBeLessThanOrEqual(left({ tier: a, ...used(n) }))
      }),
    )
  })
})
