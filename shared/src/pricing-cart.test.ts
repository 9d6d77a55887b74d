import { DEMO_POLICY } from './policy'
import type { PriceRule, RuleStanding } from './price-rule'
import { type CartLine, typedAmount } from './pricing'
import { coupon, fullPrice, inDays, price } from './pricing-world.fixture'

const line = (sku: string, unitFen: number, qty = 1, category = 'tea'): CartLine => ({
  ...{ sku, title: sku, category, unitFen, qty },
})
const right = (rightId: string, standing: Partial<RuleStanding> = {}): RuleStanding => ({
  ...{ rightId, title: rightId, state: 'available', backAt: null, unlock: null },
  ...standing,
})
const memberPrice = (prices: Record<string, number>, maxPieces: number | null = null): PriceRule => ({
  ...right('star'),
  kind: 'member_price',
  payload: { prices, maxPieces },
})
const volume = (
  rightId: string,
  steps: { from: number; payPercent?: number; offFen?: number }[],
  of: { by?: 'pieces' | 'amount'; group?: string } = {},
): PriceRule => ({
  ...right(rightId),
  kind: 'volume_discount',
  payload: { by: 'pieces', group: 'pieces', scope: { categories: ['tea'] }, steps, ...of },
})
const told = (of: Parameters<typeof price>[0]) =>
  price({ policy: fullPrice, ...of }).receipt.map(({ rule, state, words, offFen }) => [rule, state, words, offFen])

describe('rights', () => {
  test('a piece has the lower of member price and discount, the member price where they are alike', () => {
    const lines = [line('a', 2_000, 2), line('b', 2_000)]
    expect(price({ lines, rules: [memberPrice({ a: 1_960, b: 1_970 })] }).receipt).toMatchObject([
      { rule: 'right:star', words: '菜单价 ¥40.00，会员价 ¥39.20', offFen: 80 },
      { rule: 'tier_price', words: '菜单价 ¥20.00，会员省 ¥0.40', offFen: 40 },
    ])
  })

  test('a member price for so many pieces goes to those on which it saves most', () => {
    const lines = [line('a', 1_000, 2), line('b', 3_000, 2)]
    const { lines: priced, receipt } = price({
      lines,
      rules: [memberPrice({ a: 900, b: 2_000 }, 3)],
      policy: fullPrice,
    })
    expect(priced.map(({ payableFen }) => payableFen)).toEqual([1_900, 4_000])
    expect(receipt[0]?.words).toBe('菜单价 ¥70.00，会员价 ¥49.00，每单限 3 件')
  })

  test.each([
    [{ state: 'locked', unlock: { tier: 4, honourId: null } } as const, '到钻石会员就有'],
    [{ state: 'locked', unlock: { tier: 2, honourId: 'x' } } as const, '到黄金会员，或拿到专属荣誉就有'],
    [{ state: 'locked', unlock: { tier: null, honourId: null } } as const, '收到专属礼包就有'],
    [{ state: 'used_up', backAt: new Date('2026-12-01T00:00:00+08:00') } as const, '次数用完了，12 月 1 日再来'],
    [{ state: 'used_up' } as const, '次数用完了'],
  ])('that is not there says what unlocks it, or when it is back: %p', (standing, words) => {
    const rule: PriceRule = { ...right('x', standing), kind: 'tier_discount', payload: { payPercent: 50 } }
    expect(told({ rules: [rule] })).toEqual([['right:x', 'refused', words, 0]])
  })

  test('for more: the best step that the menu reaches, the best rule of a group, and what is missing to the next', () => {
    const lines = [line('a', 2_000, 3), typedAmount(9_900)]
    const rules = [
      volume('nine', [
        { from: 3, payPercent: 90 },
        { from: 5, payPercent: 85 },
      ]),
      volume('off', [{ from: 2, offFen: 100 }]),
      volume('sum', [{ from: 8_000, offFen: 1_000 }], { by: 'amount', group: 'amount' }),
    ]
    expect(told({ lines, rules })).toEqual([
      ['right:sum', 'near', '再买 ¥20.00 减 ¥10.00', 0],
      ['right:nine', 'applied', '满 3 件，9 折；再买 2 件享 85 折', 600],
      ['right:off', 'refused', '和「nine」取更省的一个', 0],
    ])
    expect(told({ lines: [typedAmount(9_900)], rules })).toEqual([])
  })

  test('what was bought within so many days is cheaper again', () => {
    const rules: PriceRule[] = [
      { ...right('again'), kind: 'repurchase_discount', payload: { payPercent: 95, withinDays: 30 } },
    ]
    const lines = [line('a', 2_000), typedAmount(5_000)]
    const words = '30 天内买过，折后 ¥20.00 再打 95 折'
    expect(told({ lines, rules, bought: [{ sku: 'a', at: inDays(-30) }] })).toEqual([
      ['right:again', 'applied', words, 100],
    ])
    expect(told({ lines, rules, bought: [{ sku: 'a', at: inDays(-31) }] })).toEqual([
      ['right:again', 'refused', '30 天内买过的同款才有', 0],
    ])
  })
})

describe('several coupons', () => {
  const lines = [line('a', 2_000, 2), line('b', 3_000, 1, 'milk')]
  const order = coupon({ couponId: 'order' })
  const milk = coupon({
    ...{
      couponId: 'milk',
      title: '奶茶半价',
      kind: 'percent_off',
      amountOffFen: null,
      payPercent: 50,
      thresholdFen: 0,
    },
    ...{ stackingGroup: 'item', scope: { categories: ['milk'] } },
  })
  const alone = coupon({ couponId: 'alone', title: '独享券', amountOffFen: 2_500, stackingGroup: 'alone' })

  test('go together from different groups; the receipt says that they were weighed, and why others stay', () => {
    const leaf = coupon({ couponId: 'leaf', scope: { categories: ['leaf'] } })
    expect(told({ lines, coupons: [order, milk, leaf] })).toEqual([
      ['coupon:milk', 'applied', '可用商品菜单价 ¥30.00，用券省 ¥15.00', 1_500],
      ['coupon:order', 'applied', '用券省 ¥8.00', 800],
      ['combination', 'applied', '能一起用的都比过了，这样最省', 0],
      ['coupon:leaf', 'refused', '这一单没有它能用的商品', 0],
    ])
    expect(told({ lines, coupons: [order, milk, alone] }).map(([rule, , words]) => [rule, words])).toEqual([
      ['coupon:alone', '用券省 ¥25.00'],
      ['coupon:milk', '「独享券」要单独用'],
      ['coupon:order', '「独享券」要单独用'],
    ])
  })

  test('asked for by hand go as far as they are legal; the rest is refused by name', () => {
    const { couponIds, coupons } = price({
      lines,
      coupons: [order, milk, alone],
      choice: ['milk', 'alone', 'order', 'x'],
    })
    expect(couponIds).toEqual(['milk', 'order'])
    expect(coupons.find(({ couponId }) => couponId === 'alone')?.refusal?.code).toBe('COUPON_STACK')
  })

  test('too many to weigh: the search ends, and the receipt says so', () => {
    const wallet = Array.from({ length: 60 }, (_, at) =>
      coupon({ couponId: `c${at}`, stackingGroup: `g${at}`, kind: 'percent_off', payPercent: 60 + (at % 37) }),
    )
    const { exact, couponIds, receipt } = price({ coupons: wallet, policy: { ...DEMO_POLICY, couponsPerOrder: 9 } })
    expect({ exact, chosen: couponIds.length }).toEqual({ exact: false, chosen: 9 })
    expect(receipt.find(({ rule }) => rule === 'combination')?.title).toBe('券太多，没有比完')
  })

  test('and points: one fen more off may cost a step of points, so it is the price after both that decides', () => {
    const points = { wanted: 'most', available: 900, debt: 0 } as const
    const cent = coupon({ couponId: 'cent', amountOffFen: 1, thresholdFen: 0 })
    const facts = { fullFen: 1_000, coupons: [cent], points, policy: fullPrice }
    expect(price(facts)).toMatchObject({ payableFen: 700, couponIds: [], points: { used: 300 } })
    expect(price({ ...facts, choice: ['cent'] })).toMatchObject({ payableFen: 799, points: { used: 200 } })
  })
})

describe('points as cash', () => {
  test.each([
    [{ wanted: 'most', available: 90_000 } as const, 'applied', '用 2,000 积分抵 ¥20.00，最多抵余款的 30%', 2_000],
    [{ wanted: 500, available: 90_000 }, 'applied', '用 500 积分抵 ¥5.00', 500],
    [{ wanted: 90_000, available: 350 }, 'applied', '用 300 积分抵 ¥3.00', 300],
    [{ wanted: 100, available: 40 }, 'near', '再攒 60 积分可抵 ¥1.00', 0],
    [{ wanted: 99, available: 500 }, 'refused', '每 100 积分起抵', 0],
    [{ wanted: 100, available: 500, debt: 1 }, 'refused', '还欠着积分，补上以后就能抵', 0],
  ] as const)('of %p', (wish, state, words, offFen) => {
    expect(told({ points: { debt: 0, ...wish } })).toEqual([['points', state, words, offFen]])
  })

  test('on a small order there may be nothing to pay with them', () => {
    const points = { wanted: 'most', available: 500, debt: 0 } as const
    expect(told({ fullFen: 300, points })).toEqual([['points', 'refused', '余款的 30% 不到 ¥1.00', 0]])
  })
})
