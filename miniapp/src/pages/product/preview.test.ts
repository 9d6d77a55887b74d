import { FIRST_DAY, type Standing, type StandingJson, standingOf } from './facts'
import { hintOf, linesOf, PLAIN_WISH, piecePrices, previewOf, type Sold, toggled } from './preview'

const NOW = new Date('2026-11-22T04:00:00Z')

const article = (sku: string, priceFen: number, state: Sold['state'] = 'on'): Sold => ({
  sku,
  title: sku,
  category: 'tea',
  priceFen,
  state,
})
const open = { state: 'available', backAt: null, unlock: null } as const
const threePieces = {
  ...open,
  rightId: 'volume_3',
  title: '多买更省',
  kind: 'volume_discount',
  payload: {
    by: 'pieces',
    steps: [
      { from: 3, payPercent: 90 },
      { from: 5, payPercent: 85 },
    ],
    group: 'pieces',
    scope: null,
  },
} as const
const coupon = (couponId: string, amountOffFen: number, thresholdFen: number, stackingGroup = 'order') => ({
  couponId,
  title: couponId,
  kind: 'amount_off' as const,
  amountOffFen,
  payPercent: null,
  maxOffFen: null,
  thresholdFen,
  stackingGroup,
  scope: null,
  state: 'granted' as const,
  validFrom: '2026-11-01T00:00:00.000Z',
  expiresAt: '2026-12-01T00:00:00.000Z',
  heldUntil: null,
})
const told = (more: Partial<StandingJson> = {}): Standing =>
  standingOf({
    now: NOW.toISOString(),
    tier: 2,
    rules: [],
    bought: [],
    coupons: [],
    points: { available: 0, debt: 0 },
    earnPercent: 100,
    ...more,
  })
const menu = new Map(
  [article('a', 2_000), article('b', 1_000), article('new', 900, 'soon')].map((one) => [one.sku, one]),
)
const cart = (qty: Record<string, number>) =>
  linesOf(
    Object.entries(qty).map(([sku, n]) => ({ sku, qty: n })),
    menu,
  )

test('a cart is priced by the menu of today, without what is gone or not there yet', () => {
  expect(cart({ a: 2, gone: 1, new: 1 })).toEqual([{ sku: 'a', title: 'a', category: 'tea', unitFen: 2_000, qty: 2 }])
})

test('the hint names the next step within reach, of a rule that counts already, too, and keeps silent about the rest', () => {
  const standing = told({ rules: [threePieces as never], coupons: [coupon('much', 2_500, 20_000)] })
  const hint = (qty: Record<string, number>) => hintOf(previewOf(standing, cart(qty), PLAIN_WISH, NOW).price)
  expect([hint({ b: 2 }), hint({ b: 3 }), hint({ b: 5 })]).toEqual(['再买 1 件享 9 折', '再买 2 件享 85 折', null])
  const near = told({ coupons: [coupon('five', 500, 2_500)] })
  expect(hintOf(previewOf(near, cart({ a: 1 }), PLAIN_WISH, NOW).price)).toBe('再买 ¥5.00 可用「five」')
})

test('one piece costs what the tier makes of it, whatever the cart or the coupons do', () => {
  const standing = told({ rules: [threePieces as never], coupons: [coupon('any', 500, 0)] })
  expect([...piecePrices(standing, menu.values(), NOW)]).toEqual([
    ['a', 1_900],
    ['b', 950],
    ['new', 855],
  ])
  expect(piecePrices(FIRST_DAY, menu.values(), NOW).get('a')).toBe(1_960)
})

test('points pay when they are wished for; where they cannot, the receipt says why and the price is the same', () => {
  const rich = told({ points: { available: 1_000, debt: 0 } })
  expect(previewOf(rich, cart({ a: 1 }), PLAIN_WISH, NOW).price).toMatchObject({
    payableFen: 1_900,
    points: { used: 0, mostPoints: 500 },
  })
  expect(previewOf(rich, cart({ a: 1 }), { ...PLAIN_WISH, points: true }, NOW)).toMatchObject({
    price: { payableFen: 1_400, points: { used: 500, offFen: 500 } },
    pieces: 1,
    earns: 14,
  })
  const { price } = previewOf(told({ points: { available: 60, debt: 0 } }), cart({ a: 1 }), PLAIN_WISH, NOW)
  expect(price.payableFen).toBe(1_900)
  expect(price.receipt).toContainEqual(expect.objectContaining({ kind: 'points', words: '再攒 40 积分可抵 ¥1.00' }))
})

test('a double day is counted; a coupon that is gone since it was ticked is not wished for', () => {
  const standing = told({ earnPercent: 150, coupons: [coupon('five', 500, 0)] })
  const preview = previewOf(standing, cart({ a: 1 }), { coupons: ['gone', 'five'], points: false }, NOW)
  expect(preview).toMatchObject({ price: { payableFen: 1_400, couponIds: ['five'] }, earns: 21 })
})

test('ticking keeps one of each group, the later one; what goes alone goes alone', () => {
  const all = [coupon('o1', 1, 0), coupon('o2', 1, 0), coupon('i1', 1, 0, 'item'), coupon('x', 1, 0, 'alone')]
  expect(toggled(['o1'], 'i1', all)).toEqual(['o1', 'i1'])
  expect(toggled(['o1', 'i1'], 'o2', all)).toEqual(['i1', 'o2'])
  expect(toggled(['o1', 'i1'], 'o1', all)).toEqual(['i1'])
  expect(toggled(['o1', 'i1'], 'x', all)).toEqual(['x'])
  expect(toggled(['x'], 'o1', all)).toEqual(['o1'])
})
