import { randomUUID } from 'node:crypto'
import { priceOrder, typedAmount } from '@huiyuan/shared/pricing'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { whileTime } from '../../../test/support/dice'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { newTemplate } from '../coupon/coupon.fixture'
import { award } from '../member/member.fixture'
import { merged, undone } from '../merge/undo.fixture'
import { newRight, usesOf } from '../right/right.fixture'
import { anyCart, type CartRoom, openCartRoom, type RichGuest } from './cart.fixture'
import { type Counter, MINUTE } from './counter.fixture'
import { previewOrder, quoteOrder } from './quote-order'
import { releaseDueHolds } from './release-due-holds'
import { showFacts } from './show-facts'

const database = testDatabase()
let room: CartRoom
let till: Counter
beforeAll(async () => {
  room = await openCartRoom(database.url)
  till = room.till
})
afterEach(async () => {
  const { db } = till.one.as()
  await expectLedgerHolds(db)
  await expectPromisesHold(db, till.one.clock.at)
})
afterAll(() => till.close())

const either = (n: number) => (n % 2 ? till.one : till.other)
const crowd = <T>(work: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: 64 }, (_, n) => endsOf([work(n)]))).then(summed)
const summed = (all: Record<string, number>[]) => {
  const ends: Record<string, number> = {}
  for (const one of all) for (const [end, n] of Object.entries(one)) ends[end] = (ends[end] ?? 0) + n
  return ends
}

const LINES = [
  { sku: 'osmanthus_milk', qty: 2 },
  { sku: 'cold_bags', qty: 1 },
]

describe('I-P4: whatever comes back of a cart, in whatever parts', () => {
  test('is never more than was paid; after the last of it all is as before', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyCart,
        whileTime(9_000, async ({ lines, typed, coupons, points, returns }) => {
          const { visit, memberId } = await room.rich()
          const before = await room.standingOf(memberId)
          const of = { ...visit, lines, fullFen: typed, coupons, points }
          const quote = await quoteOrder(till.clerk.ctx, till.clerk, of)
          const { payableFen, couponIds, pointsPay } = quote
          const held = await till.hold(visit, typed ?? null, { lines, couponIds, points: pointsPay.used, payableFen })
          expect(held).toMatchObject({ payableFen, pointsOffFen: pointsPay.offFen, lines: quote.lines })
          expect(held.lines.reduce((sum, line) => sum + line.payableFen, 0)).toBe(payableFen)
          const order = await till.settle(visit, held.holdId)
          expect(order).toMatchObject({ amountFen: payableFen, points: quote.points, pointsUsed: pointsPay.used })
          let leftFen = payableFen
          let pointsBack = 0
          const pieces = held.lines.map(({ lineNo, qty }) => ({ lineNo, qty }))
          for (const what of returns) {
            const line = 'line' in what ? pieces[what.line % pieces.length] : undefined
            const wish =
              'percent' in what
                ? { refundFen: Math.max(1, Math.floor((leftFen * what.percent) / 100)) }
                : { lines: [{ lineNo: line?.lineNo as number, qty: 1 }] }
            const back = await till.takeBack(memberId, order.orderId, wish).catch((refused) => refused.fault)
            if (back.code) {
              expect(['RETURN_TOO_MUCH', 'RETURN_LINE', 'RETURN_DONE']).toContain(back.code)
              // what nothing was paid for comes back with the last that was
              if (back.code === 'RETURN_LINE' && held.lines.every((one) => one.payableFen > 0))
                expect(line?.qty).toBe(0)
              continue
            }
            if (line) line.qty--
            expect(back.leftFen).toBe(leftFen - back.refundedFen)
            leftFen = back.leftFen
            pointsBack += back.pointsBack
            expect(pointsBack).toBe(
              leftFen === 0 ? pointsPay.used : Math.floor((pointsPay.used * (payableFen - leftFen)) / payableFen),
            )
          }
          if (leftFen > 0 || returns.length === 0)
            await till.takeBack(memberId, order.orderId).catch(({ fault }) => expect(fault.code).toBe('RETURN_DONE'))
          expect(await room.standingOf(memberId)).toEqual(before)
        }),
      ),
      { numRuns: 12, endOnFailure: true },
    )
  })

  test('pieces of a line by its share, rounded down, the rest with the last; too many are refused by name', async () => {
    const { visit, memberId } = await till.visited()
    const held = await till.hold(visit, null, {
      lines: [
        { sku: 'longjing_hot', qty: 3 },
        { sku: 'tea_cookie', qty: 1 },
      ],
    })
    const { orderId } = await till.settle(visit, held.holdId)
    const [tea] = held.lines
    const part = (qty: number, lineNo = 1) => till.takeBack(memberId, orderId, { lines: [{ lineNo, qty }] })
    const third = Math.floor((tea?.payableFen as number) / 3)
    expect(await part(1)).toMatchObject({ refundedFen: third })
    expect(await refusalOf(part(3), 'RETURN_LINE')).toEqual({ lineNo: 1, leftQty: 2 })
    expect(await refusalOf(part(1, 7), 'RETURN_LINE')).toEqual({ lineNo: 7, leftQty: 0 })
    expect(await endsOf([part(2), part(2), part(2)])).toEqual({ answer: 1, RETURN_LINE: 2 })
    expect(await part(1, 2)).toMatchObject({ leftFen: 0 })
    await refusalOf(part(1, 2), 'RETURN_DONE')
  })

  test('a coupon does not come back beside what it had paid for alone', async () => {
    const { visit, memberId } = await till.visited()
    const whole = { amountOffFen: 99_000, thresholdFen: 0, scope: { skus: ['cold_bags'] } }
    const couponId = await till.granted(memberId, await newTemplate(till.one, whole))
    const cart = [...LINES].reverse()
    const { orderId } = await till.settle(
      visit,
      (await till.hold(visit, null, { lines: cart, couponIds: [couponId] })).holdId,
    )
    const part = (...lines: { lineNo: number; qty: number }[]) => till.takeBack(memberId, orderId, { lines })
    expect(await refusalOf(part({ lineNo: 2, qty: 2 }), 'RETURN_LINE')).toEqual({ lineNo: 1, leftQty: 1 })
    expect(await part({ lineNo: 2, qty: 1 })).toMatchObject({ coupons: [] })
    expect(await part({ lineNo: 1, qty: 1 }, { lineNo: 2, qty: 1 })).toMatchObject({ coupons: [{ returned: true }] })
  })
})

describe('at once over two processes', () => {
  test('I-R1: a right that is left twice, 64 holds priced with it: two have it', async () => {
    const { visit, memberId } = await till.visited()
    const lines = [{ sku: 'cold_bags', qty: 1 }]
    const { payableFen } = await quoteOrder(till.clerk.ctx, till.clerk, { ...visit, lines })
    expect(payableFen).toBe(2_940)
    const held: string[] = []
    const ends = await crowd(async (n) =>
      held.push((await till.hold(visit, null, { lines, payableFen, in: either(n) })).holdId),
    )
    expect(ends.answer).toBe(2)
    // the later ones saw that it was gone and had another price
    expect((ends.RIGHT_USED_UP ?? 0) + (ends.QUOTE_CHANGED ?? 0)).toBe(62)
    expect(await usesOf(till.one, memberId, room.twice)).toEqual({ '2026-11-22': 2 })
    await till.settle(visit, held[0] as string)
    till.one.clock.pass(10 * MINUTE)
    await releaseDueHolds(till.one.as(), { batch: 50 })
    expect(Object.values(await usesOf(till.one, memberId, room.twice))).toEqual([1])
  })

  test('I-L3: 64 holds that points pay for, beside 64 exchanges: no point is spent twice', async () => {
    const { visit, memberId } = await till.visited()
    await award(till.one, memberId, { points: 1_500 })
    const spend = (n: number) =>
      either(n).house.sql('ledger_spend', {
        ...{
          memberId,
          at: till.one.clock.at,
          kind: 'redemption',
          sourceId: randomUUID(),
          points: 70,
          reason: 'exchange',
        },
        detail: { title: '小竹勺' },
      })
    const hold = (n: number) => till.hold(visit, 6_800, { points: 100, payableFen: 6_564, in: either(n) })
    const [holds, exchanges] = await Promise.all([crowd(hold), crowd(spend)])
    const { availablePoints } = await till.one.as().db.account.findUniqueOrThrow({ where: { memberId } })
    expect(availablePoints).toBe(1_500 - 100 * (holds.answer ?? 0) - 70 * (exchanges.answer ?? 0))
    expect(availablePoints).toBeLessThan(70)
    expect(Object.keys({ ...holds, ...exchanges }).sort()).toEqual(['POINTS_SHORT', 'answer'])
    till.one.clock.pass(10 * MINUTE)
    await releaseDueHolds(till.other.as(), { batch: 50 })
    expect((await till.one.as().db.account.findUniqueOrThrow({ where: { memberId } })).availablePoints).toBe(
      1_500 - 70 * (exchanges.answer ?? 0),
    )
  })
})

describe('a hold', () => {
  const heldBy = ({ visit, couponIds }: RichGuest) => till.hold(visit, null, { lines: LINES, couponIds, points: 100 })

  test('gives everything back when it is given up or runs out', async () => {
    const guest = await room.rich()
    const before = await room.standingOf(guest.memberId)
    await heldBy(guest)
    expect(await room.standingOf(guest.memberId)).not.toEqual(before)
    till.one.clock.pass(10 * MINUTE)
    await Promise.all([releaseDueHolds(till.one.as(), { batch: 50 }), releaseDueHolds(till.other.as(), { batch: 50 })])
    expect(await room.standingOf(guest.memberId)).toEqual(before)
  })

  test('is paid although its right and its coupons ended, its points expired and the tier is another', async () => {
    const guest = await room.rich()
    const held = await heldBy(guest)
    const { db } = till.one.as()
    await db.coupon.updateMany({
      where: { memberId: guest.memberId },
      data: { expiresAt: new Date(till.one.clock.at.getTime() + 1) },
    })
    await db.right.update({ where: { rightId: room.twice }, data: { endsAt: till.one.clock.at } })
    await db.standing.update({ where: { memberId: guest.memberId }, data: { tier: 3 } })
    till.one.clock.pass(10 * MINUTE - 1)
    const requestId = randomUUID()
    const paid = await till.settle(guest.visit, held.holdId, { requestId })
    expect(paid).toMatchObject({ amountFen: held.payableFen, pointsUsed: 100, lines: held.lines })
    till.one.clock.pass(20 * MINUTE)
    expect(await till.settle(guest.visit, held.holdId, { requestId })).toEqual(paid)
    await db.right.update({ where: { rightId: room.twice }, data: { endsAt: null } })
  })

  test('goes with a merge, is paid for the survivor and comes back there, also when the merge is taken back', async () => {
    const [kept, guest] = [await till.visited(), await room.rich()]
    const before = await room.standingOf(guest.memberId)
    const [paid, released] = [await heldBy(guest), await till.hold(guest.visit, null, { lines: LINES, points: 200 })]
    const mergeId = await merged(till.one, kept.memberId, guest.memberId)
    const { orderId } = await till.settle(guest.visit, paid.holdId)
    await expectPromisesHold(till.one.as().db, till.one.clock.at)
    till.one.clock.pass(10 * MINUTE)
    await undone(till.one, mergeId)
    await releaseDueHolds(till.one.as(), { batch: 50 })
    expect(await till.holdsOf(guest.memberId)).toEqual({ released: 1 })
    expect(released.pointsUsed).toBe(200)
    // the survivor's order keeps what it was paid with, and the rest is the guest's again
    const own = await room.standingOf(guest.memberId)
    expect(own.account.availablePoints).toBe(before.account.availablePoints - 100)
    expect(own).toMatchObject({ coupons: [], uses: [] })
    const back = await till.takeBack(kept.memberId, orderId)
    expect(back).toMatchObject({ leftFen: 0, pointsBack: 100, coupons: [{ returned: true }, { returned: true }] })
    expect((await room.standingOf(kept.memberId)).account).toMatchObject({ availablePoints: 100, growth: 0 })
  })

  test('refuses by name what does not go together or is not there', async () => {
    const guest = await room.rich()
    const third = await till.granted(guest.memberId, room.templates[0])
    const hold = (more: object) => till.hold(guest.visit, null, { lines: LINES, payableFen: 1, ...more })
    await refusalOf(hold({ couponIds: [guest.couponIds[0], third] }), 'COUPON_STACK')
    expect(await refusalOf(hold({ lines: [{ sku: 'osmanthus_cake', qty: 1 }], points: 400 }), 'POINTS_CAP')).toEqual({
      mostPoints: 300,
    })
    expect(await refusalOf(hold({ points: 1_300 }), 'POINTS_SHORT')).toEqual({ shortPoints: 150 })
    await refusalOf(hold({}), 'QUOTE_CHANGED')
    await refusalOf(hold({ lines: [{ sku: 'nothing', qty: 1 }] }), 'PRODUCT_UNKNOWN')
    await refusalOf(
      hold({
        lines: [
          { sku: 'white_cake', qty: 99 },
          { sku: 'longjing_tin', qty: 99 },
        ].flatMap((line) => Array(4).fill(line)),
      }),
      'AMOUNT_INVALID',
    )
    await refusalOf(hold({ lines: [{ sku: 'chestnut_milk', qty: 1 }] }), 'PRODUCT_NOT_OPEN')
    const early = await newRight(till.one, { tierFrom: 1, quota: 1, period: 'once', hours: 48 })
    const soon = { lines: [{ sku: 'chestnut_milk', qty: 1 }] }
    const { holdId } = await till.hold(guest.visit, null, soon)
    expect(await usesOf(till.one, guest.memberId, early)).toEqual({ once: 1 })
    await refusalOf(till.hold(guest.visit, null, soon), 'PRODUCT_NOT_OPEN')
    await till.settle(guest.visit, holdId)
  })
})

test('the phone’s preview, its own sums from the facts, and the counter’s quote are one price', async () => {
  const guest = await room.rich()
  const cart = {
    lines: [
      { sku: 'grape_oolong', qty: 3 },
      { sku: 'black_pouch', qty: 1 },
    ],
    fullFen: 1_234,
  }
  const wish = { ...cart, coupons: 'best', points: 'most' } as const
  const quote = await quoteOrder(till.clerk.ctx, till.clerk, { ...guest.visit, ...wish })
  expect(await previewOrder(guest.ctx, wish)).toEqual(quote)
  const facts = JSON.parse(JSON.stringify(await showFacts(guest.ctx)), (key, value) =>
    /At$|^heldUntil$|^validFrom$|^at$/.test(key) && value ? new Date(value) : value,
  )
  const { available, debt } = facts.points
  const price = priceOrder({
    ...facts,
    lines: [
      { sku: 'grape_oolong', title: '葡萄乌龙', category: 'fruit', unitFen: 2_400, qty: 3 },
      { sku: 'black_pouch', title: '祁门红茶 80 克', category: 'leaf', unitFen: 6_800, qty: 1 },
      typedAmount(1_234),
    ],
    choice: 'best',
    points: { wanted: 'most', available, debt },
    maySpend: true,
    now: new Date(facts.now),
    policy: till.one.house.policy,
  })
  expect(price).toMatchObject({
    payableFen: quote.payableFen,
    receipt: quote.receipt,
    couponIds: quote.couponIds,
    points: quote.pointsPay,
  })
})
