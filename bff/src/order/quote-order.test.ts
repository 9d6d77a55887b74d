import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newStaff } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { type Counter, MINUTE, openCounter } from './counter.fixture'
import { quoteOrder } from './quote-order'

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
})
afterAll(() => till.close())

type Of = { visitId: string; memberRef: string }
const quote = ({ visitId, memberRef }: Of, fullFen = 6_800, coupon?: string, by = till.clerk) =>
  quoteOrder(by.ctx, by, {
    visitId,
    memberRef,
    fullFen,
    ...(coupon ? { coupons: coupon === 'best' || coupon === 'none' ? coupon : [coupon] } : {}),
  })

test('tells the price, what paying it earns and which packet follows, and writes nothing', async () => {
  const { visit, memberId } = await till.visited()
  const couponId = await till.granted(memberId)
  expect(await quote(visit)).toEqual({
    fullFen: 6_800,
    payableFen: 5_864,
    offFen: 936,
    lines: [],
    couponIds: [couponId],
    pointsPay: { used: 0, offFen: 0, mostPoints: 0, mostOffFen: 0 },
    exact: true,
    earnPercent: 100,
    receipt: [
      expect.objectContaining({ rule: 'tier_price', state: 'applied', offFen: 136 }),
      expect.objectContaining({ rule: `coupon:${couponId}`, state: 'applied', offFen: 800 }),
    ],
    points: 58,
    growth: 58,
    activeAt: '2026-12-06T16:00:00.000Z',
    tierAfter: 1,
    words: ['获得 58 积分，12 月 7 日生效', '再积 942 成长值升黄金'],
    packet: { title: '满 25 减 5' },
    coupons: [
      {
        couponId,
        title: '满 30 减 8',
        expiresAt: '2026-12-22T15:59:59.999Z',
        offFen: 800,
        refusal: null,
        chosen: true,
      },
    ],
  })
  expect(await till.couponOf(couponId)).toMatchObject({ state: 'granted' })
  expect(await till.holdsOf(memberId)).toEqual({})
})

test.each([1, 99, 2_999, 3_000, 3_061, 6_800, 100_000, 250_000])(
  'promises for %i fen what holding and settling then give',
  async (fullFen) => {
    const { visit, memberId } = await till.visited()
    const wallet = await till.granted(memberId)
    const { payableFen, couponIds, points, growth, activeAt, tierAfter, packet, receipt } = await quote(visit, fullFen)
    expect(couponIds).toEqual(fullFen >= 3_000 ? [wallet] : [])
    const held = await till.hold(visit, fullFen, { couponIds, payableFen })
    expect(held).toMatchObject({ payableFen, couponIds })
    expect(held.receipt.filter(({ state }) => state === 'applied')).toEqual(
      receipt.filter(({ state }) => state === 'applied'),
    )
    const order = await till.settle(visit, held.holdId)
    expect(order).toMatchObject({ fullFen, amountFen: payableFen, points, growth, activeAt, tierAfter })
    expect(order.packet?.title).toBe(packet?.title)
  },
)

test('a coupon can be left or chosen; somebody else’s is not found', async () => {
  const { visit, memberId } = await till.visited()
  const [eight, five] = [await till.granted(memberId), await till.granted(memberId, 'packet_5')]
  expect(await quote(visit)).toMatchObject({ couponIds: [eight] })
  expect(await quote(visit, 6_800, five)).toMatchObject({ couponIds: [five], payableFen: 6_164 })
  expect(await quote(visit, 6_800, 'none')).toMatchObject({ couponIds: [], payableFen: 6_664 })
  const foreign = await till.granted((await till.visited()).memberId)
  expect(await refusalOf(quote(visit, 6_800, foreign), 'NOT_FOUND')).toEqual({ noun: 'coupon' })
})

test('a member known by a number earns, and has neither the price of a tier nor coupons', async () => {
  const { visit, memberId } = await till.spoken()
  const couponId = await till.granted(memberId)
  for (const coupon of [undefined, couponId, randomUUID()])
    expect(await quote(visit, 6_800, coupon)).toMatchObject({
      payableFen: 6_800,
      couponIds: [],
      coupons: [],
      points: 68,
      receipt: [{ state: 'refused', words: '出示会员码才有会员价和券' }],
    })
})

test('follows a merged member to the survivor', async () => {
  const kept = await till.visited()
  const { visit, memberId } = await till.visited()
  const couponId = await till.granted(memberId)
  await inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
  expect(await quote(visit)).toMatchObject({ couponIds: [couponId], points: 58 })
})

test('is refused for amounts that cannot be rung up, foreign and ended visits', async () => {
  const [{ visit }, theirs] = [await till.visited(), await till.visited()]
  for (const fullFen of [0, -1, 0.5, 10_000_001]) await refusalOf(quote(visit, fullFen), 'AMOUNT_INVALID')
  await refusalOf(quote({ ...visit, memberRef: theirs.visit.memberRef }), 'VISIT_UNKNOWN')
  await refusalOf(quote(visit, 6_800, 'best', await newStaff(till.one)), 'VISIT_UNKNOWN')
  till.one.clock.pass(10 * MINUTE)
  await refusalOf(quote(visit), 'VISIT_OVER')
})
