import fc from 'fast-check'
import { DEMO_POLICY, type Policy } from './policy'
import { type OfferedCoupon, type PricingFacts, priceOrder } from './pricing'

const now = new Date('2026-11-22T04:00:00.000Z')
const DAY = 86_400_000
const inDays = (days: number) => new Date(now.getTime() + days * DAY)

const coupon = (of: Partial<OfferedCoupon> & { couponId: string }): OfferedCoupon => ({
  title: '满 30 减 8',
  kind: 'amount_off',
  amountOffFen: 800,
  payPercent: null,
  maxOffFen: null,
  thresholdFen: 3_000,
  state: 'granted',
  validFrom: inDays(-1),
  expiresAt: inDays(30),
  heldUntil: null,
  ...of,
})
const price = (of: Partial<PricingFacts> = {}) =>
  priceOrder({
    fullFen: 6_800,
    tier: 1,
    coupons: [],
    choice: 'best',
    maySpend: true,
    now,
    policy: DEMO_POLICY,
    ...of,
  })
const fullPrice: Policy = { ...DEMO_POLICY, tiers: DEMO_POLICY.tiers.map((rung) => ({ ...rung, payPercent: 100 })) }

describe('the price of the tier', () => {
  test('comes first, in words a clerk can read out', () => {
    expect(price()).toEqual({
      payableFen: 6_664,
      couponId: null,
      coupons: [],
      receipt: [
        {
          rule: 'tier_price',
          state: 'applied',
          title: '白银会员价 98 折',
          words: '原价 ¥68.00，会员省 ¥1.36',
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
    const { payableFen, couponId, receipt, coupons } = price({ coupons: [ninth, eight] })
    expect({ payableFen, couponId }).toEqual({ payableFen: 5_864, couponId: 'eight' })
    expect(receipt.slice(1)).toEqual([
      { rule: 'coupon:eight', state: 'applied', title: '满 30 减 8', words: '用券省 ¥8.00', offFen: 800 },
      { rule: 'coupon:ninth', state: 'refused', title: '九折券', words: '一单用一张券', offFen: 0 },
    ])
    expect(coupons.map(({ couponId: id, offFen, chosen }) => [id, offFen, chosen])).toEqual([
      ['eight', 800, true],
      ['ninth', 666, false],
    ])
  })

  test('one that is not reached says what is missing, by the price on the menu', () => {
    expect(price({ coupons: [ten] }).receipt[1]).toEqual({
      rule: 'coupon:ten',
      state: 'near',
      title: '满 70 减 10',
      words: '再买 ¥2.00 可用',
      offFen: 0,
    })
    // 70.00 on the menu is 68.60 for this member, and reached
    expect(price({ fullFen: 7_000, coupons: [ten] })).toMatchObject({ payableFen: 5_860, couponId: 'ten' })
  })

  test('can be chosen by hand, or left', () => {
    expect(price({ coupons: [ninth, eight], choice: 'ninth' })).toMatchObject({ payableFen: 5_998, couponId: 'ninth' })
    const left = price({ coupons: [ninth, eight], choice: 'none' })
    expect(left).toMatchObject({ payableFen: 6_664, couponId: null })
    expect(left.receipt[1]).toMatchObject({ state: 'refused', words: '这一单不用券' })
  })

  test.each([
    [{ state: 'held', heldUntil: inDays(1) } as const, '已经在另一单里了', 'COUPON_TAKEN'],
    [{ validFrom: inDays(15) }, '12 月 7 日起可用', 'COUPON_NOT_OPEN'],
    [{ expiresAt: inDays(-1), validFrom: inDays(-2) }, '已过期', 'COUPON_OVER'],
  ])('that cannot be used say why: %p', (life, words, code) => {
    const { receipt, coupons, couponId } = price({ coupons: [coupon({ couponId: 'x', ...life })], choice: 'x' })
    expect(couponId).toBeNull()
    expect(receipt[1]).toMatchObject({ state: 'refused', words })
    expect(coupons[0]).toMatchObject({ refusal: { code }, offFen: 0, chosen: false })
  })

  test('pay a whole order, never more', () => {
    const gift = coupon({ couponId: 'gift', amountOffFen: 50_000 })
    expect(price({ coupons: [gift] })).toMatchObject({ payableFen: 0, coupons: [{ offFen: 6_664 }] })
  })

  test('of two alike the one that ends sooner goes first', () => {
    const [late, soon] = [coupon({ couponId: 'a' }), coupon({ couponId: 'b', expiresAt: inDays(2) })]
    expect(price({ coupons: [late, soon] }).couponId).toBe('b')
  })
})

test('without a live code there is neither the price of a tier nor a coupon, and the receipt says so', () => {
  expect(price({ maySpend: false, tier: 6, coupons: [coupon({ couponId: 'x' })], choice: 'x' })).toEqual({
    payableFen: 6_800,
    couponId: null,
    coupons: [],
    receipt: [
      {
        rule: 'tier_price',
        state: 'refused',
        title: '会员价和券',
        words: '出示会员码才有会员价和券',
        offFen: 0,
      },
    ],
  })
})

describe('whatever is bought', () => {
  const fen = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 10_000_000 }))
  const terms = fc.oneof(
    fc.record({
      kind: fc.constant('amount_off' as const),
      amountOffFen: fc.integer({ min: 1, max: 30_000 }),
      payPercent: fc.constant(null),
    }),
    fc.record({
      kind: fc.constant('percent_off' as const),
      amountOffFen: fc.constant(null),
      payPercent: fc.integer({ min: 1, max: 99 }),
    }),
  )
  const life = fc.record({
    state: fc.constantFrom('granted' as const, 'held' as const),
    validFrom: fc.integer({ min: -9, max: 2 }).map(inDays),
    expiresAt: fc.integer({ min: -1, max: 9 }).map(inDays),
    heldUntil: fc.option(fc.integer({ min: -1, max: 1 }).map(inDays)),
    maxOffFen: fc.option(fc.integer({ min: 1, max: 5_000 })),
    thresholdFen: fc.integer({ min: 0, max: 30_000 }),
    couponId: fc.uuid(),
  })
  const offered = fc.tuple(terms, life).map(([what, when]) => coupon({ ...what, ...when }))
  const wallets = fc.uniqueArray(offered, { maxLength: 8, selector: ({ couponId }) => couponId })
  const facts = fc.record({
    fullFen: fen,
    tier: fc.integer({ min: 1, max: 6 }),
    coupons: wallets,
    maySpend: fc.boolean(),
  })
  const choices = fc.oneof(fc.constantFrom('best', 'none'), fc.nat())
  const chosenOf = (choice: string | number, coupons: OfferedCoupon[]) =>
    typeof choice === 'string' ? choice : (coupons[choice % Math.max(1, coupons.length)]?.couponId ?? 'best')

  test('I-P1: the price is whole fen, never below zero, and the full price less what the lines took off', () => {
    fc.assert(
      fc.property(facts, choices, (bought, choice) => {
        const { payableFen, receipt, coupons, couponId } = price({
          ...bought,
          choice: chosenOf(choice, bought.coupons),
        })
        expect(Number.isInteger(payableFen)).toBe(true)
        expect(payableFen).toBeGreaterThanOrEqual(0)
        expect(receipt.every(({ offFen, state }) => offFen >= 0 && (state === 'applied' || offFen === 0))).toBe(true)
        expect(bought.fullFen - receipt.reduce((sum, { offFen }) => sum + offFen, 0)).toBe(payableFen)
        expect(coupons.filter(({ chosen }) => chosen).map((own) => own.couponId)).toEqual(couponId ? [couponId] : [])
        expect(receipt.filter(({ rule, state }) => state === 'applied' && rule !== 'tier_price')).toHaveLength(
          couponId ? 1 : 0,
        )
      }),
    )
  })

  test('I-P2: the same facts give the same receipt, in whatever order the coupons were read', () => {
    fc.assert(
      fc.property(facts, fc.integer(), (bought, seed) => {
        const shuffled = [...bought.coupons].sort(
          (a, b) => ((seed ^ a.couponId.charCodeAt(3)) % 7) - ((seed ^ b.couponId.charCodeAt(3)) % 7),
        )
        expect(price({ ...bought, coupons: shuffled.reverse() })).toEqual(price(bought))
      }),
    )
  })

  test('I-P3: a further coupon never raises the price, and the best one is never dearer than any other choice', () => {
    fc.assert(
      fc.property(facts, offered, (bought, more) => {
        const before = price(bought).payableFen
        expect(price({ ...bought, coupons: [...bought.coupons, more] }).payableFen).toBeLessThanOrEqual(before)
        for (const choice of ['none', ...bought.coupons.map(({ couponId }) => couponId)])
          expect(before).toBeLessThanOrEqual(price({ ...bought, choice }).payableFen)
      }),
    )
  })

  test('a higher tier never makes it dearer', () => {
    fc.assert(
      fc.property(facts, ({ tier, ...bought }) => {
        const here = price({ ...bought, tier, coupons: [] }).payableFen
        expect(price({ ...bought, tier: Math.min(6, tier + 1), coupons: [] }).payableFen).toBeLessThanOrEqual(here)
      }),
    )
  })
})
