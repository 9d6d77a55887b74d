import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { whileTime } from '../../../test/support/dice'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { claimCoupon } from '../coupon/claim-coupon'
import { newCoupon, newTemplate } from '../coupon/coupon.fixture'
import { holdingsOf as giftsOf, newGift } from '../gift/gift.fixture'
import { openGift } from '../gift/open-gift'
import { listStatement } from '../ledger/list-statement'
import { cancelRedemption } from '../mall/cancel-redemption'
import { exchange, newReward } from '../mall/mall.fixture'
import { handOver } from '../mall/pick-up.fixture'
import { award } from '../member/member.fixture'
import type { MergeSummary } from '../member/merge-member'
import { arrive, deedsOf, type Everything, openEverything, openRoom } from '../order/everything.fixture'
import { newRight, usesOf } from '../right/right.fixture'
import { snapshotOf } from './before-after.fixture'
import { merged, undone } from './undo.fixture'
import { attempt, favour, giveBack, newShopper, payWith, type Shopper, undoneAmid } from './undo-holdings.fixture'

const DAY = 86_400_000
const ROUNDS = 4
const database = testDatabase()
let till: Awaited<ReturnType<typeof openRoom>>
let all: Everything
beforeAll(async () => {
  till = await openRoom(database.url)
  all = await openEverything(till)
})
const promisesHold = async () => {
  await expectLedgerHolds(till.prisma)
  await expectPromisesHold(till.prisma, till.one.clock.at)
}
afterEach(promisesHold)
afterAll(() => till.room.close())

const told = () => ({ requestId: randomUUID() })
const two = async () => [await newShopper(all), await newShopper(all)] as [Shopper, Shopper]
const claim = ({ memberId }: Shopper, templateId: string, on = till.one) =>
  claimCoupon(on.as(memberId), { ...told(), templateId })
const open = ({ memberId }: Shopper, giftId: string) => openGift(till.one.as(memberId), { ...told(), giftId })
const cancel = ({ memberId }: Shopper, redemptionId: string) =>
  cancelRedemption(till.one.as(memberId), { ...told(), redemptionId })
const couponsOf = async ({ memberId }: Shopper) =>
  (await till.prisma.coupon.findMany({ where: { memberId } })).map(({ couponId, state }) => `${couponId} ${state}`)
const redemptionsOf = async ({ memberId }: Shopper) =>
  Object.fromEntries(
    (await till.prisma.redemption.findMany({ where: { memberId } })).map((row) => [row.redemptionId, row.state]),
  )

/** Phones and points are the identity's and the ledger's. */
const ofHoldings = ({ kind }: { kind: string }) => kind !== 'phone_dropped' && kind !== 'points'

/** → the merge's id, and what it said it did */
async function mergedAs(kept: Shopper, gone: Shopper) {
  const mergeId = await merged(till.one, kept.memberId, gone.memberId)
  const { summary } = await till.prisma.mergeRecord.findFirstOrThrow({ where: { mergeId } })
  const { came, reversed } = summary as unknown as MergeSummary
  return { mergeId, came, reversed: reversed.filter(ofHoldings) }
}

const AT_TILL = ['hold', 'settle', 'settle', 'buy', 'giveBack', 'release', 'handOver', 'makeReady']
const ON_PHONE = ['open', 'open', 'claim', 'cancel', 'exchange', 'exchange', 'exchange', 'earn', 'favour', 'unfavour']
const deed = fc.record({ what: fc.constantFrom(...AT_TILL, ...ON_PHONE), nth: fc.nat(5) })
type Deeds = (typeof deed extends fc.Arbitrary<infer D> ? D : never)[]
const deeds = (count: number) => fc.array(deed, { minLength: count, maxLength: count })

/** What somebody does of an afternoon, with whatever there is; refusals are part of it. */
async function live(who: Shopper, afternoon: Deeds): Promise<void> {
  const can = deedsOf(all)
  for (const [n, { what, nth }] of afternoon.entries()) {
    const { rewardId } = all.rewards[nth % all.rewards.length] as { rewardId: string }
    if (what.endsWith('favour')) await attempt(favour(till.one, who.memberId, rewardId, what === 'favour'))
    else await attempt(can[what]?.(who, all.room.at(n), nth))
    till.one.clock.pass(20_000)
  }
}

/** Whatever is in `of`, a few times over. */
const whatever = <T>(of: fc.Arbitrary<T>, check: (one: T) => Promise<void>) =>
  fc.assert(fc.asyncProperty(of, whileTime(15_000, check)), { numRuns: ROUNDS, endOnFailure: true })

test(
  'I-ID4: whatever three records hold, merges that are taken back at once leave each with what it had',
  () =>
    whatever(
      fc.tuple(fc.tuple(deeds(20), deeds(20), deeds(20)), fc.boolean(), fc.nat(2)),
      async ([days, turned, late]) => {
        all = await openEverything(till)
        const people = [await newShopper(all), await newShopper(all), await newShopper(all)] as const
        for (const who of people) await award(till.one, who.memberId, { points: 200 })
        for (const [n, who] of (turned ? people.toReversed() : people).entries()) await live(who, days[n] as Deeds)
        // holds end, some of them unnoticed
        till.one.clock.pass(late * 400_000 + 700_000)
        const [one, two, three] = people.map(({ memberId }) => memberId) as [string, string, string]
        const rows = () => snapshotOf(till.prisma, [one, two, three])
        const before = await rows()
        const first = await merged(till.one, two, three)
        const between = await rows()
        const second = await merged(till.one, one, two)
        await promisesHold()
        await undone(till.one, second)
        expect(await rows()).toEqual(between)
        await undone(till.one, first)
        expect(await rows()).toEqual(before)
        await promisesHold()
      },
    ),
  60_000,
)

test(
  'a merge that is taken back after much has happened leaves every promise kept',
  () =>
    whatever(
      fc.tuple(fc.tuple(deeds(14), deeds(14), deeds(24), deeds(10), deeds(10)), fc.boolean()),
      async ([days, late]) => {
        all = await openEverything(till)
        const [kept, gone] = await two()
        await live(kept, days[0])
        await live(gone, days[1])
        const mergeId = await merged(till.one, kept.memberId, gone.memberId)
        kept.visit = await arrive(all, kept.memberId)
        // what the other had under way at the till goes on as the survivor's
        kept.orders.push(...gone.orders)
        kept.holds.push(...gone.holds)
        await live(kept, days[2])
        till.one.clock.pass(late ? 3 * DAY : 700_000)
        await undone(till.one, mergeId)
        await promisesHold()
        for (const who of [kept, gone]) who.visit = await arrive(all, who.memberId)
        await live(kept, days[3])
        await live(gone, days[4])
        await promisesHold()
      },
    ),
  60_000,
)

describe('coupons', () => {
  test('unused ones go back; one that the survivor used stays with its order and is named; limits count whom it was granted to', async () => {
    const [kept, gone] = await two()
    const limited = await newTemplate(till.one, { perPersonLimit: 1, title: '每人一张' })
    const [mine, theirs, early, lying] = [
      await claim(kept, limited),
      await claim(gone, limited),
      await newCoupon(till.one, gone.memberId),
      await newCoupon(till.one, gone.memberId),
    ]
    const paidBefore = await payWith(all, gone.memberId, early)
    const { mergeId, reversed } = await mergedAs(kept, gone)
    expect(reversed).toEqual([{ kind: 'quota_excess', noun: 'coupon', title: '每人一张', has: 2, limit: 1 }])
    await refusalOf(claim(kept, limited), 'COUPON_LIMIT')

    await payWith(all, kept.memberId, theirs.couponId)
    const since = await newCoupon(till.one, kept.memberId)
    await giveBack(all, kept.memberId, paidBefore)
    const { lost } = await undone(till.one, mergeId)
    expect(lost.filter(ofHoldings)).toEqual([{ kind: 'coupon_used', why: 'used', title: '每人一张' }])
    expect(await couponsOf(gone)).toEqual(expect.arrayContaining([`${early} granted`, `${lying} granted`]))
    expect((await couponsOf(gone)).filter((row) => row.includes('granted'))).toHaveLength(2)
    expect(await couponsOf(kept)).toEqual(
      expect.arrayContaining([`${mine.couponId} granted`, `${theirs.couponId} used`, `${since} granted`]),
    )
    for (const who of [kept, gone]) await refusalOf(claim(who, limited), 'COUPON_LIMIT')
  })
})

describe('the new-member gift', () => {
  test.each(['the other’s', 'the survivor’s'])(
    '%s later one, superseded, stands again; and once more after a second merge',
    async (whose) => {
      const giftId = await newGift(till.one)
      const [kept, gone] = await two()
      const [first, later] = whose === 'the survivor’s' ? [gone, kept] : [kept, gone]
      await open(first, giftId)
      till.one.clock.pass(DAY)
      await open(later, giftId)
      // some of its points are in an exchange that comes back while the two are one
      const { redemption } = await exchange(later.ctx, await newReward(till.one, { points: 60 }))
      const said = { kind: 'gift_superseded', title: '新人礼', coupons: 1, pickups: 1 }
      const whole = { given: ['given'], coupons: ['granted'], points: 100 }
      for (const taken of [40, 100]) {
        const { mergeId, reversed } = await mergedAs(kept, gone)
        expect(reversed).toEqual([{ ...said, points: taken }])
        if (taken === 40) await cancel(kept, redemption.redemptionId)
        expect(await giftsOf(till.one, kept.memberId)).toMatchObject({ given: ['given', 'superseded'], points: 100 })
        const { restored, lost } = await undone(till.one, mergeId)
        expect([restored.filter(ofHoldings), lost]).toEqual([[{ ...said, points: 100 }], []])
        expect(await giftsOf(till.one, later.memberId)).toMatchObject(whole)
        expect(await giftsOf(till.one, first.memberId)).toMatchObject({ ...whole, pickups: ['ready'] })
        for (const who of [kept, gone]) await refusalOf(open(who, giftId), 'GIFT_TAKEN')
        const { lines } = await listStatement(kept.ctx, { kind: 'earned' })
        expect(lines.map(({ words }) => words)).toContainEqual(expect.stringContaining('「新人礼」恢复 100 积分'))
        await promisesHold()
        till.one.clock.pass(60_000)
      }
    },
  )

  test('what there is no more of, or what has ended meanwhile, is named', async () => {
    const taster = await newReward(till.one, { title: '试饮装', stockTotal: 2, slots: 2, listed: false })
    const giftId = await newGift(till.one, { pickups: [{ rewardId: taster.rewardId, title: taster.title, days: 60 }] })
    const [kept, gone] = await two()
    await open(kept, giftId)
    await open(gone, giftId)
    const mergeId = await merged(till.one, kept.memberId, gone.memberId)
    await open(await newShopper(all), giftId)
    till.one.clock.pass(31 * DAY)
    const { restored, lost } = await undone(till.one, mergeId)
    expect(restored.filter(ofHoldings)).toEqual([
      { kind: 'gift_superseded', title: '新人礼', coupons: 0, points: 100, pickups: 0 },
    ])
    expect(lost).toEqual([
      { kind: 'gift_pickup', why: 'gone', title: '试饮装' },
      { kind: 'gift_coupon', why: 'expired', title: '满 30 减 8' },
    ])
  })
})

describe('the mall', () => {
  test('what was exchanged before goes back as it stands by now, with piece and code; limits, rights and favourites too', async () => {
    const [kept, gone] = await two()
    for (const who of [kept, gone]) await award(till.one, who.memberId, { points: 1_000 })
    // no other right lets them in
    await till.prisma.right.updateMany({ data: { endsAt: new Date(0) } })
    const rightId = await newRight(till.one, { tierFrom: 1, quota: 2, period: 'month', hours: 48 })
    const soon = { publicInDays: 1, earlyHours: 48 }
    const piece = await newReward(till.one, { stockTotal: 3, numbered: true, perPersonLimit: 1, title: '编号茶盏' })
    const [early, late] = [await newReward(till.one, soon), await newReward(till.one, soon)]
    const others = [await newReward(till.one, { kind: 'partner_code', codes: [randomUUID()] }), piece, early, late]
    const ids: string[] = []
    for (const reward of others) ids.push((await exchange(gone.ctx, reward)).redemption.redemptionId)
    const own = (await exchange(kept.ctx, piece)).redemption.redemptionId
    await exchange(kept.ctx, await newReward(till.one, soon))
    await favour(till.one, gone.memberId, early.rewardId)
    till.one.clock.pass(1_000)
    for (const who of [kept, gone]) await favour(till.one, who.memberId, late.rewardId)

    const { mergeId, came, reversed } = await mergedAs(kept, gone)
    expect(came).toMatchObject({ redemptions: 4, favourites: 2, rights: 2 })
    expect(reversed).toEqual([
      { kind: 'quota_excess', noun: 'right', title: '早享', has: 3, limit: 2 },
      { kind: 'quota_excess', noun: 'reward', title: '编号茶盏', has: 2, limit: 1 },
    ])
    await refusalOf(exchange(kept.ctx, piece), 'REWARD_LIMIT')
    await cancel(kept, ids[2] as string)
    await refusalOf(exchange(kept.ctx, await newReward(till.one, soon)), 'RIGHT_USED_UP')
    const handed = await till.prisma.pickupCode.findFirstOrThrow({ where: { redemptionId: ids[1] as string } })
    await handOver(till.clerk, await arrive(all, kept.memberId), handed.code)
    const since = (await exchange(kept.ctx, await newReward(till.one))).redemption.redemptionId
    await favour(till.one, kept.memberId, early.rewardId, false)

    expect((await undone(till.one, mergeId)).back).toMatchObject({ redemptions: 3, favourites: 2, rights: 1 })
    const states = ['done', 'done', 'cancelled', 'ready']
    expect(await redemptionsOf(gone)).toEqual(Object.fromEntries(ids.map((id, n) => [id, states[n]])))
    expect(Object.keys(await redemptionsOf(kept))).toEqual(expect.arrayContaining([own, since]))
    for (const who of [kept, gone]) expect(Object.values(await usesOf(till.one, who.memberId, rightId))).toEqual([1])
    expect(await till.prisma.rewardFavourite.findMany({ where: { memberId: gone.memberId } })).toHaveLength(2)
    for (const who of [kept, gone]) await refusalOf(exchange(who.ctx, piece), 'REWARD_LIMIT')
    await exchange(gone.ctx, await newReward(till.one, soon))
  })
})

test('64 uses beside the undo, on two processes: nothing is used twice, no piece has two owners, no limit is passed', async () => {
  for (let round = 0; round < 2; round++) {
    const piece = await newReward(till.one, { stockTotal: 6, numbered: true, perPersonLimit: 2, points: 10 })
    const limited = await newTemplate(till.one, { perPersonLimit: 2, totalLimit: 5 })
    const [kept, gone] = await two()
    for (const who of [kept, gone]) await award(till.one, who.memberId, { points: 200 })
    const coupons = [await claim(gone, limited), await claim(kept, limited), await claim(gone, limited)]
    const { redemption } = await exchange(gone.ctx, piece)
    const mergeId = await merged(till.one, kept.memberId, gone.memberId)
    const uses = Array.from({ length: 64 }, (_, n) => {
      const [who, on] = [n % 4 < 2 ? kept : gone, all.room.at(n)]
      const kinds = [
        () => payWith(all, kept.memberId, coupons[(n >> 3) % 3]?.couponId as string),
        () => exchange(on.as(who.memberId), piece),
        () => claim(who, limited, on),
        () => cancel(who, redemption.redemptionId),
      ]
      return (kinds[(n >> 2) % 4] as () => Promise<unknown>)()
    })
    const [ends] = await Promise.all([endsOf(uses), undoneAmid(all, mergeId)])
    expect(ends.answer).toBeGreaterThan(0)
    await promisesHold()
    const pieces = await till.prisma.rewardPiece.findMany({
      where: { rewardId: piece.rewardId, memberId: { not: null } },
    })
    expect(pieces.length).toBeLessThanOrEqual(4)
    expect(await till.prisma.coupon.count({ where: { templateId: limited } })).toBeLessThanOrEqual(5)
    expect(await till.prisma.member.count({ where: { memberId: gone.memberId, status: 'active' } })).toBe(1)
  }
})
