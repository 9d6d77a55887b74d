import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { cancelOverdueRedemptions, forgetPickupCodes } from './cancel-overdue-redemptions'
import { cancelRedemption } from './cancel-redemption'
import { listRedemptions } from './list-redemptions'
import { makeRedemptionsReady } from './make-redemptions-ready'
import { booksOf, DAY, exchange, HOUR, newReward, saver, savers } from './mall.fixture'
import { handOver } from './pick-up.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
beforeEach(() => one.as().db.redemption.deleteMany())
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => Promise.all([one.close(), other.close()]))

const shownOf = async (memberId: string) => (await listRedemptions(one.as(memberId), {})).redemptions
const messagesOf = (memberId: string) =>
  one.as().db.outboxMessage.findMany({ where: { memberId, template: 'pickup_ready' } })

describe('what the shop prepares', () => {
  test('is ready at its hour, not before: a code, and a message to who allows it', async () => {
    const [me, quiet] = [await saver(one), await saver(one)]
    const reward = await newReward(one, { prepareHours: 24 })
    await one.house.sql('outbox_allow', { memberId: me.memberId, template: 'pickup_ready', count: 1, at: one.clock.at })
    const { redemption } = await exchange(me.ctx, reward)
    await exchange(quiet.ctx, reward)
    one.clock.pass(24 * HOUR - 1)
    expect(await makeRedemptionsReady(one.as(), { batch: 10 })).toEqual({ ready: 0 })
    one.clock.pass(1)
    expect(await makeRedemptionsReady(one.as(), { batch: 10 })).toEqual({ ready: 2 })
    expect(await makeRedemptionsReady(one.as(), { batch: 10 })).toEqual({ ready: 0 })
    expect(await shownOf(me.memberId)).toMatchObject([{ state: 'ready', pickupCode: expect.stringMatching(/^\d{8}$/) }])
    expect((await messagesOf(me.memberId)).map(({ payload }) => payload)).toEqual([
      { title: '桂花乌龙 一盏', pickupBy: redemption.pickupBy },
    ])
    expect(await messagesOf(quiet.memberId)).toEqual([])
  })

  test('in batches on two workers at once: each once, with a code of its own', async () => {
    const crowd = await savers(one, 30)
    const reward = await newReward(one, { prepareHours: 1 })
    for (const { ctx } of crowd) await exchange(ctx, reward)
    one.clock.pass(HOUR)
    let ready = 0
    for (let found = 1; found > 0; ) {
      const batch = await Promise.all([one, other].map((test) => makeRedemptionsReady(test.as(), { batch: 7 })))
      found = batch.reduce((sum, done) => sum + done.ready, 0)
      expect(batch.every((done) => done.ready <= 7)).toBe(true)
      ready += found
    }
    expect(ready).toBe(30)
    const codes = (await Promise.all(crowd.map(({ memberId }) => shownOf(memberId)))).map(([row]) => row?.pickupCode)
    expect(new Set(codes).size).toBe(30)
  })

  test('beside cancellations: ready or cancelled, never both', async () => {
    const crowd = await savers(one, 24)
    const reward = await newReward(one, { prepareHours: 1, stockTotal: 24 })
    const made = await Promise.all(crowd.map(({ ctx }) => exchange(ctx, reward)))
    one.clock.pass(HOUR)
    await Promise.all([
      ...[one, other].map((test) => makeRedemptionsReady(test.as(), { batch: 24 })),
      ...made.map(({ redemption: { redemptionId } }, n) =>
        cancelRedemption(other.as(crowd[n]?.memberId), { requestId: randomUUID(), redemptionId }),
      ),
    ])
    for (const { ctx, memberId } of crowd)
      expect(await booksOf(ctx, memberId)).toMatchObject({ points: 1_000, cancelled: 1 })
  })
})

describe('what nobody picked up', () => {
  test('is cancelled after its last day; points, limit and piece come back, once on two workers', async () => {
    const crowd = await savers(one, 12)
    const reward = await newReward(one, { pickupDays: 7, stockTotal: 12, numbered: true, perPersonLimit: 1 })
    const [made] = await Promise.all(crowd.map(({ ctx }) => exchange(ctx, reward)))
    one.clock.at = new Date(made?.redemption.pickupBy as string)
    expect(await cancelOverdueRedemptions(one.as(), { batch: 5 })).toEqual({ found: 0, cancelled: 0, failed: 0 })
    one.clock.pass(1)
    let cancelled = 0
    for (let found = 1; found > 0; ) {
      const batch = await Promise.all([one, other].map((test) => cancelOverdueRedemptions(test.as(), { batch: 5 })))
      found = Math.max(...batch.map((done) => done.found))
      cancelled += batch.reduce((sum, done) => sum + done.cancelled, 0)
    }
    expect(cancelled).toBe(12)
    for (const { ctx, memberId } of crowd)
      expect(await booksOf(ctx, memberId)).toEqual({ points: 1_000, standing: 0, cancelled: 1, charges: 1, taken: 0 })
    expect(await shownOf(crowd[0]?.memberId as string)).toMatchObject([{ state: 'cancelled', cancelReason: 'overdue' }])
    await exchange((crowd[0] as (typeof crowd)[number]).ctx, reward)
  })

  test('one that cannot be cancelled keeps nobody else waiting', async () => {
    const [bad, good] = [await saver(one), await saver(one)]
    const reward = await newReward(one, { pickupDays: 1 })
    await exchange(bad.ctx, reward)
    await exchange(good.ctx, reward)
    one.clock.pass(3 * DAY)
    const ctx = one.as()
    const sql: TestHouse['house']['sql'] = (fn, args) =>
      (args as { memberId?: string }).memberId === bad.memberId ? Promise.reject(new Error('stuck')) : ctx.sql(fn, args)
    expect(await cancelOverdueRedemptions({ ...ctx, sql }, { batch: 9 })).toEqual({ found: 2, cancelled: 1, failed: 1 })
    expect(await cancelOverdueRedemptions(ctx, { batch: 9 })).toEqual({ found: 1, cancelled: 1, failed: 0 })
  })
})

test('a used code says so for a day, and is forgotten then', async () => {
  const [me, clerk] = [await saver(one), await newStaff(one)]
  const { redemption } = await exchange(me.ctx, await newReward(one))
  await handOver(clerk, await newVisit(one, me, clerk), redemption.pickupCode)
  await forgetPickupCodes(one.as())
  await refusalOf(handOver(clerk, await newVisit(one, me, clerk), redemption.pickupCode), 'REDEMPTION_DONE')
  one.clock.pass(DAY + 1)
  expect(await forgetPickupCodes(one.as())).toBe(1)
  await refusalOf(handOver(clerk, await newVisit(one, me, clerk), redemption.pickupCode), 'PICKUP_WRONG')
})

describe('what came out of a gift', () => {
  const giftOf = (pickups: { rewardId: string; title: string; days: number }[]) =>
    one.as().db.gift.create({
      data: {
        giftId: `g-${randomUUID().slice(0, 12)}`,
        kind: 'new_member',
        title: '新人礼',
        joinWithinDays: 30,
        couponTemplates: [],
        pickups,
        startsAt: one.clock.at,
      },
    })
  const place = (memberId: string, givenId: string, giftId: string, test = one): Promise<unknown[]> =>
    test.house.sql('mall_place_gift', { memberId, givenId, giftId, at: one.clock.at })

  test('waits at the counter once, costs nothing, cannot be exchanged back, and is handed over', async () => {
    const [me, clerk, givenId] = [await saver(one, 0), await newStaff(one), randomUUID()]
    const { rewardId } = await newReward(one, { points: 0, listed: false, pickupDays: 30 })
    const { giftId } = await giftOf([{ rewardId, title: '体验装', days: 7 }])
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, n) => place(me.memberId, givenId, giftId, n % 2 ? one : other)),
    )
    const [shown] = await shownOf(me.memberId)
    const pickupBy = expect.any(String)
    expect(await place(me.memberId, givenId, giftId)).toEqual([
      { redemptionId: shown?.redemptionId, title: '桂花乌龙 一盏', pickupBy },
    ])
    expect(answers.flat().length).toBeLessThanOrEqual(16)
    expect(await shownOf(me.memberId)).toMatchObject([{ origin: 'gift', points: 0, state: 'ready', canCancel: false }])
    const { redemptionId } = shown as { redemptionId: string }
    await refusalOf(cancelRedemption(me.ctx, { requestId: randomUUID(), redemptionId }), 'NOT_FOUND')
    await handOver(clerk, await newVisit(one, me, clerk), shown?.pickupCode as string)
    expect(await shownOf(me.memberId)).toMatchObject([{ state: 'done' }])
  })

  test('I-M1: takes from the stock of a reward that has one, and none above it', async () => {
    const crowd = await savers(one, 12, 0)
    const { rewardId } = await newReward(one, { points: 0, stockTotal: 5, listed: false })
    const { giftId } = await giftOf([{ rewardId, title: '体验装', days: 7 }])
    const ends = await Promise.allSettled(crowd.map(({ memberId }) => place(memberId, randomUUID(), giftId)))
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    await refusalOf(place((crowd[0] as (typeof crowd)[number]).memberId, randomUUID(), giftId), 'GIFT_GONE')
    expect(await one.as().db.redemption.count({ where: { rewardId } })).toBe(5)
  })

  test('I-G1: of a second gift of one person goes away with the merge, what was picked up stays', async () => {
    const [kept, me] = [await saver(one, 0), await saver(one, 0)]
    const { rewardId } = await newReward(one, { points: 0, listed: false, stockTotal: 9 })
    const { giftId } = await giftOf([{ rewardId, title: '体验装', days: 7 }])
    const [first, second] = [randomUUID(), randomUUID()]
    await place(kept.memberId, first, giftId)
    await place(me.memberId, second, giftId)
    for (const [givenId, memberId] of [
      [first, kept.memberId],
      [second, me.memberId],
    ] as const)
      await one.as().db.giftGiven.create({
        data: { givenId, memberId, giftId, kind: 'new_member', state: 'given', contents: {}, givenAt: one.clock.at },
      })
    await one
      .as()
      .db.giftGiven.updateMany({ where: { givenId: second }, data: { state: 'superseded', memberId: kept.memberId } })
    await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, me.memberId))
    const shown = await shownOf(kept.memberId)
    expect(shown.map(({ state, cancelReason }) => [state, cancelReason]).sort()).toEqual([
      ['cancelled', 'gift_superseded'],
      ['ready', null],
    ])
    const stock = await one.as().db.rewardStock.aggregate({ where: { rewardId }, _sum: { remaining: true } })
    expect(stock._sum.remaining).toBe(8)
  })
})
