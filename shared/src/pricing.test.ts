import { coupon, fullPrice, inDays, price } from './pricing-world.fixture'

describe('the price of the tier', () => {
  test('comes first, in words a clerk can read out', () => {
    expect(price()).toMatchObject({
      payableFen: 6_664,
      couponIds: [],
      coupons: [],
      receipt: [
        {
          rule: 'tier_price',
          kind: 'tier_price',
          state: 'applied',
          title: '白银会员价 98 折',
          words: '菜单价 ¥68.00，会员省 ¥1.36',
          offFen: 136,
        },
      ],
    })
  })

  test.each([
    [1, 6_664, '白银会员价 98 折'],
    [2, 6_460, '黄金会员价 95 折'],
    [4, 6_120, '钻石会员价 9 折'],
    [6, 5_780, '黑钻会员价 85 折'],
  ])('of tier %i', (tier, payableFen, title) => {
    expect(price({ tier })).toMatchObject({ payableFen, receipt: [{ title }] })
  })

  test.each([
    [1, 1],
    [25, 25],
    [26, 25],
    [6_899, 6_761],
    [10_000_000, 9_800_000],
  ])('of %i fen is %i, rounded at half a fen', (fullFen, payableFen) => {
    expect(price({ fullFen }).payableFen).toBe(payableFen)
  })

  test('is no line where the tier pays the full price', () => {
    expect(price({ policy: fullPrice })).toMatchObject({ payableFen: 6_800, receipt: [] })
  })
})

describe('coupons', () => {
  const eight = coupon({ couponId: 'eight' })
  const ten = coupon({ couponId: 'ten', title: '满 70 减 10', amountOffFen: 1_000, thresholdFen: 7_000 })
  const ninth = coupon({
    couponId: 'ninth',
    title: '九折券',
    kind: 'percent_off',
    amountOffFen: null,
    payPercent: 90,
    thresholdFen: 0,
  })

  test('the one that takes off most is laid on what is left after the price of the tier', () => {
    const { payableFen, couponIds, receipt, coupons } = price({ coupons: [ninth, eight] })
    expect({ payableFen, couponIds }).toEqual({ payableFen: 5_864, couponIds: ['eight'] })
    expect(receipt.slice(1)).toEqual([
      {
        rule: 'coupon:eight',
        kind: 'coupon',
        state: 'applied',
        title: '满 30 减 8',
        words: '用券省 ¥8.00',
        offFen: 800,
      },
      {
        rule: 'coupon:ninth',
        kind: 'coupon',
        state: 'refused',
        title: '九折券',
        words: '和「满 30 减 8」只能用一张',
        offFen: 0,
      },
    ])
    expect(coupons.map(({ couponId, offFen, chosen }) => [couponId, offFen, chosen])).toEqual([
      ['eight', 800, true],
      ['ninth', 666, false],
    ])
  })

  test('one that is not reached says what is missing, by the price on the menu', () => {
    expect(price({ coupons: [ten] }).receipt[1]).toEqual({
      rule: 'coupon:ten',
      kind: 'coupon',
      state: 'near',
      title: '满 70 减 10',
      words: '再买 ¥2.00 可用',
      offFen: 0,
    })
    // 70.00 on the menu is 68.60 for this member, and reached
    expect(price({ fullFen: 7_000, coupons: [ten] })).toMatchObject({ payableFen: 5_860, couponIds: ['ten'] })
  })

  test('can be chosen by hand, or left', () => {
    expect(price({ coupons: [ninth, eight], choice: ['ninth'] })).toMatchObject({
      payableFen: 5_998,
      couponIds: ['ninth'],
    })
    const left = price({ coupons: [ninth, eight], choice: 'none' })
    expect(left).toMatchObject({ payableFen: 6_664, couponIds: [] })
    expect(left.receipt[1]).toMatchObject({ state: 'refused', words: '这一单不用券' })
  })

  test.each([
    [{ state: 'held', heldUntil: inDays(1) } as const, '已经在另一单里了', 'COUPON_TAKEN'],
    [{ validFrom: inDays(15) }, '12 月 7 日起可用', 'COUPON_NOT_OPEN'],
    [{ expiresAt: inDays(-1), validFrom: inDays(-2) }, '已过期', 'COUPON_OVER'],
  ])('that cannot be used say why: %p', (life, words, code) => {
    const { receipt, coupons, couponIds } = price({ coupons: [coupon({ couponId: 'x', ...life })], choice: ['x'] })
    expect(couponIds).toEqual([])
    expect(receipt[1]).toMatchObject({ state: 'refused', words })
    expect(coupons[0]).toMatchObject({ refusal: { code }, offFen: 0, chosen: false })
  })

  test('pay a whole order, never more', () => {
    const gift = coupon({ couponId: 'gift', amountOffFen: 50_000 })
    expect(price({ coupons: [gift] })).toMatchObject({ payableFen: 0, coupons: [{ offFen: 6_664 }] })
  })

  test('of two alike the one that ends sooner goes first', () => {
    const [late, soon] = [coupon({ couponId: 'a' }), coupon({ couponId: 'b', expiresAt: inDays(2) })]
    expect(price({ coupons: [late, soon] }).couponIds).toEqual(['b'])
  })
})

test('without a live code there is neither the price of a tier nor a coupon, and the receipt says so', () => {
  expect(price({ maySpend: false, tier: 6, coupons: [coupon({ couponId: 'x' })], choice: ['x'] })).toMatchObject({
    payableFen: 6_800,
    couponIds: [],
    coupons: [],
    receipt: [
      {
        rule: 'tier_price',
        kind: 'tier_price',
        state: 'refused',
        title: '会员价和券',
        words: '出示会员码才有会员价和券',
        offFen: 0,
      },
    ],
  })
})
