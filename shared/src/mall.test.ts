import fc from 'fast-check'
import {
  earlyAccessOf,
  foldText,
  isFoundBy,
  opensFor,
  pickupByOf,
  type RewardFacts,
  rewardRefusal,
  type Shopper,
  searchWords,
} from './mall'
import { type OwnRight, type RightRow, rightsOf } from './right'

const NOW = new Date('2026-11-22T04:00:00.000Z')
const hence = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000)
const reward = (more: Partial<RewardFacts> = {}): RewardFacts => ({
  points: 100,
  tierGate: 1,
  perPersonLimit: null,
  publicAt: NOW,
  earlyHours: null,
  endsAt: null,
  left: null,
  reserve: null,
  takenByMe: 0,
  ...more,
})
const shopper = (more: Partial<Shopper> = {}): Shopper => ({ tier: 1, points: 100, debtPoints: 0, rights: [], ...more })
type Early = OwnRight<'early_access'>
type Wish = Partial<Early> & { hours?: number }
const own = ({ hours = 24, ...more }: Wish = {}): Early => ({
  rightId: 'gold',
  kind: 'early_access',
  title: '黄金早享',
  words: '',
  tierFrom: 2,
  honourId: null,
  quota: 2,
  period: 'month',
  payload: { hours },
  startsAt: new Date(0),
  endsAt: null,
  state: 'available',
  left: 2,
  backAt: null,
  unlock: null,
  from: 'tier',
  until: null,
  ...more,
})
const limited = (more: Partial<OwnRight> = {}): OwnRight =>
  ({ ...own(), kind: 'limited_edition', payload: { rewardId: 'cup' }, ...more }) as OwnRight
const kept = (pieces: number, until = hence(1)) => ({ rightId: 'gold', pieces, until })
const usedUp = (backAt: Date | null, more: Wish = {}) => own({ state: 'used_up', left: 0, backAt, ...more })
const notOpen = (hours: number) => ({ code: 'REWARD_NOT_OPEN', detail: { opensAt: hence(hours).toISOString() } })

describe('why a reward cannot be exchanged', () => {
  test.each<[string, Partial<RewardFacts>, Partial<Shopper>, unknown]>([
    ['it can', {}, {}, null],
    ['it can, the last one', { left: 1, perPersonLimit: 2, takenByMe: 1 }, {}, null],
    ['over, to the millisecond', { endsAt: NOW }, {}, { code: 'REWARD_OVER', detail: {} }],
    ['not over yet', { endsAt: new Date(NOW.getTime() + 1) }, {}, null],
    [
      'not open',
      { publicAt: hence(2) },
      {},
      { code: 'REWARD_NOT_OPEN', detail: { opensAt: '2026-11-22T06:00:00.000Z' } },
    ],
    ['open early by a right', { publicAt: hence(2), earlyHours: 2 }, { rights: [own()] }, null],
    ['not yet, the right reaches less far', { publicAt: hence(30), earlyHours: 48 }, { rights: [own()] }, notOpen(6)],
    ['not yet, the reward lets in less early', { publicAt: hence(9), earlyHours: 4 }, { rights: [own()] }, notOpen(5)],
    ['never early', { publicAt: hence(2) }, { rights: [own()] }, notOpen(2)],
    ['locked', { publicAt: hence(2), earlyHours: 2 }, { rights: [own({ state: 'locked', left: 0 })] }, notOpen(2)],
    [
      'the right is used up, and says when it is back',
      { publicAt: hence(2), earlyHours: 2 },
      { rights: [usedUp(hence(100))] },
      { code: 'RIGHT_USED_UP', detail: { backAt: hence(100).toISOString() } },
    ],
    [
      'used up for ever',
      { publicAt: hence(2), earlyHours: 2 },
      { rights: [usedUp(null)] },
      { code: 'RIGHT_USED_UP', detail: { backAt: null } },
    ],
    [
      'used up, and back before it would let in',
      { publicAt: hence(30), earlyHours: 9 },
      { rights: [usedUp(hence(20))] },
      notOpen(21),
    ],
    [
      'used up, and back while it would let in',
      { publicAt: hence(30), earlyHours: 9 },
      { rights: [usedUp(hence(25))] },
      notOpen(25),
    ],
    [
      'another right lets in later',
      { publicAt: hence(9), earlyHours: 48 },
      { rights: [usedUp(hence(100), { hours: 48 }), own({ hours: 4 })] },
      notOpen(5),
    ],
    [
      'over before it would let in',
      { publicAt: hence(30), earlyHours: 9 },
      { rights: [own({ until: hence(21) })] },
      notOpen(30),
    ],
    ['for higher tiers', { tierGate: 2 }, {}, { code: 'TIER_NEEDED', detail: { tier: 2 } }],
    ['taken before', { perPersonLimit: 1, takenByMe: 1 }, {}, { code: 'REWARD_LIMIT', detail: { limit: 1 } }],
    [
      'taken more often than allowed, after a merge',
      { perPersonLimit: 1, takenByMe: 2 },
      {},
      { code: 'REWARD_LIMIT', detail: { limit: 1 } },
    ],
    ['gone but for what is kept', { left: 2, reserve: kept(2) }, {}, { code: 'REWARD_GONE', detail: {} }],
    ['one besides what is kept', { left: 3, reserve: kept(2) }, {}, null],
    ['kept for me', { left: 2, reserve: kept(2) }, { rights: [limited()] }, null],
    [
      'kept for me, all used',
      { left: 2, reserve: kept(2) },
      { rights: [limited({ state: 'used_up' })] },
      { code: 'REWARD_GONE', detail: {} },
    ],
    ['kept until now', { left: 2, reserve: kept(2, NOW) }, {}, null],
    ['gone', { left: 0 }, {}, { code: 'REWARD_GONE', detail: {} }],
    ['in debt', {}, { debtPoints: 5 }, { code: 'IN_DEBT', detail: { debtPoints: 5 } }],
    ['short', {}, { points: 99 }, { code: 'POINTS_SHORT', detail: { shortPoints: 1 } }],
    ['gone is said before short', { left: 0 }, { points: 0 }, { code: 'REWARD_GONE', detail: {} }],
  ])('%s', (_name, facts, who, refusal) => {
    expect(rewardRefusal(reward(facts), shopper(who), NOW)).toEqual(refusal)
  })

  test('more points, a higher tier or more stock never stand in the way', () => {
    const facts = fc.record({
      points: fc.nat(200),
      tierGate: fc.integer({ min: 1, max: 6 }),
      left: fc.option(fc.nat(2)),
      early: fc.option(fc.constantFrom(2, 3)),
      opens: fc.integer({ min: -5, max: 5 }),
    })
    const who = fc.record({ tier: fc.integer({ min: 1, max: 6 }), points: fc.nat(200) })
    fc.assert(
      fc.property(facts, who, who, ({ early, opens, ...rest }, a, b) => {
        const item = reward({ ...rest, earlyHours: early, publicAt: hence(opens) })
        const mine = (tier: number) =>
          rightsOf([own({ tierFrom: 3 })], { tier, honours: [], grants: [], uses: {} }, NOW)
        const tier = Math.max(a.tier, b.tier)
        const better = { tier, points: Math.max(a.points, b.points), debtPoints: 0, rights: mine(tier) }
        if (rewardRefusal(item, shopper({ ...a, rights: mine(a.tier) }), NOW) === null)
          expect(rewardRefusal({ ...item, left: item.left && item.left + 1 }, better, NOW)).toBeNull()
      }),
    )
  })
})

describe('early access', () => {
  const row = fc.record({
    tierFrom: fc.constantFrom(1, 2, 3, 4),
    quota: fc.option(fc.constantFrom(1, 2)),
    hours: fc.integer({ min: 1, max: 100 }),
    used: fc.nat(2),
  })
  const window = fc.record({
    publicIn: fc.integer({ min: -5, max: 200 }),
    earlyHours: fc.option(fc.integer({ min: 1, max: 100 })),
  })
  const mine = (rows: { quota: number | null; hours: number; tierFrom: number; used: number }[], tier: number) => {
    const rights = rows.map(({ used: _used, ...more }, n): RightRow => {
      const period = more.quota === null ? null : 'month'
      return { ...own(more), period, rightId: `r${n}` }
    })
    const uses = Object.fromEntries(rows.map(({ used }, n) => [`r${n}`, { '2026-11': used }]))
    return rightsOf(rights, { tier, honours: [], grants: [], uses }, NOW)
  }

  test('never makes anybody later than the public, nor a higher tier later than a lower one', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 4 }),
        window,
        fc.nat(4),
        fc.nat(4),
        (rows, { publicIn, earlyHours }, a, b) => {
          const item = { publicAt: hence(publicIn), earlyHours, endsAt: null }
          const [low, high] = [mine(rows, Math.min(a, b)), mine(rows, Math.max(a, b))]
          expect(opensFor(item, low).getTime()).toBeLessThanOrEqual(item.publicAt.getTime())
          expect(opensFor(item, high).getTime()).toBeLessThanOrEqual(opensFor(item, low).getTime())
        },
      ),
    )
  })

  test('opens at the very instant that the refusal names', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), window, fc.nat(4), (rows, { publicIn, earlyHours }, tier) => {
        const item = reward({ publicAt: hence(publicIn), earlyHours })
        const refusal = rewardRefusal(item, shopper({ rights: mine(rows, tier) }), NOW)
        expect(refusal === null).toBe(opensFor(item, mine(rows, tier)) <= NOW)
        if (refusal?.code === 'REWARD_NOT_OPEN') {
          expect(refusal.detail.opensAt).toBe(opensFor(item, mine(rows, tier)).toISOString())
          expect(new Date(refusal.detail.opensAt).getTime()).toBeGreaterThan(NOW.getTime())
        }
      }),
    )
  })

  test.each<[string, OwnRight[], string | undefined]>([
    ['the widest that is there', [own(), own({ title: '铂金早享', hours: 48, tierFrom: 3 })], '铂金早享'],
    ['of two alike the one without a limit', [own(), own({ title: '不限次', quota: null, left: null })], '不限次'],
    ['one that is there before one that is used up', [usedUp(hence(9), { hours: 48 }), own({ title: '还有' })], '还有'],
    [
      'else the nearest locked one',
      [
        own({ title: '铂金早享', state: 'locked', tierFrom: 3, hours: 48 }),
        own({ title: '黄金早享', state: 'locked', tierFrom: 2 }),
        own({ title: '勋章', state: 'locked', tierFrom: null }),
      ],
      '黄金早享',
    ],
    ['nothing, when there are no rights', [], undefined],
  ])('tells of %s', (_name, rights, title) => {
    const item = { publicAt: hence(72), earlyHours: 48, endsAt: null }
    expect(earlyAccessOf(item, rights, NOW)?.right.title).toBe(title)
    expect(earlyAccessOf({ ...item, earlyHours: null }, rights, NOW)).toBeNull()
    expect(earlyAccessOf(item, rights, hence(72))).toBeNull()
  })
})

describe('a search', () => {
  const tea = { title: '白桃乌龙 罐装', subtitle: '60 克，回家慢慢泡', keywords: 'baitao wulong ＧＩＦＴ' }
  test.each([
    ['白桃', true],
    ['乌龙 白桃', true],
    ['白桃　罐装', true],
    ['６０ 克', true],
    ['BAITAO', true],
    ['ｂａｉ tao', true],
    ['gift', true],
    ['罐 装60', false],
    ['绿茶', false],
    ['白桃 绿茶', false],
    ['%', false],
    ['　', false],
  ])('for %s finds it: %s', (text, found) => {
    expect(isFoundBy(tea, searchWords(text))).toBe(found)
  })

  test('finds everything by any part of its own title, however wide it is written', () => {
    const wide = (text: string) => text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))
    const title = fc.string({ unit: fc.constantFrom(...'白桃Aa 1盏ａ１'), minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(title, fc.nat(9), fc.nat(9), (text, from, length) => {
        const part = text.slice(from % text.length).slice(0, length + 1)
        fc.pre(searchWords(part).length > 0)
        const item = { title: text, subtitle: '', keywords: '' }
        for (const asked of [part, part.toUpperCase(), wide(part)])
          expect(isFoundBy(item, searchWords(asked))).toBe(true)
        expect(foldText(foldText(text))).toBe(foldText(text))
      }),
    )
  })
})

test.each([
  ['2026-11-22T04:00:00.000Z', 7, '2026-11-29T15:59:59.999Z'],
  ['2026-11-22T15:59:59.999Z', 1, '2026-11-23T15:59:59.999Z'],
  ['2026-11-22T16:00:00.000Z', 1, '2026-11-24T15:59:59.999Z'],
])('what is ready at %s waits %i days, to %s', (readyAt, days, until) => {
  expect(pickupByOf(new Date(readyAt), days).toISOString()).toBe(until)
})
