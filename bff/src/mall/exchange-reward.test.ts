import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { award, owe } from '../member/member.fixture'
import { newRight } from '../right/right.fixture'
import { cancelRedemption } from './cancel-redemption'
import { listRedemptions } from './list-redemptions'
import { listRewards, showWindow } from './list-rewards'
import { booksOf, DAY, exchange, newReward, saver, savers } from './mall.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => Promise.all([one.close(), other.close()]))

/** The same person at one of two servers, in turn. */
const at = (n: number, memberId: string) => (n % 2 ? one : other).as(memberId)
const redemptionsOf = (rewardId: string) =>
  one.as().db.redemption.findMany({ where: { rewardId }, orderBy: { pieceNo: 'asc' } })
const leftOf = async (rewardId: string) =>
  (await showWindow(one.as())).rewards.find((reward) => reward.rewardId === rewardId)?.left

describe('an exchange', () => {
  test('takes the points and waits at the counter with a code of its own', async () => {
    const me = await saver(one)
    const reward = await newReward(one, { stockTotal: 5 })
    const { redemption, pointsAfter } = await exchange(me.ctx, reward)
    expect(pointsAfter).toBe(900)
    expect(redemption).toEqual({
      redemptionId: expect.any(String),
      rewardId: reward.rewardId,
      title: '桂花乌龙 一盏',
      art: 'cup',
      kind: 'pickup',
      origin: 'mall',
      points: 100,
      state: 'ready',
      cancelReason: null,
      pieceNo: null,
      stockTotal: 5,
      placedAt: one.clock.at.toISOString(),
      readyAt: one.clock.at.toISOString(),
      pickupBy: '2026-12-22T15:59:59.999Z',
      pickupCode: expect.stringMatching(/^\d{8}$/),
      finishedAt: null,
      storeName: null,
      couponId: null,
      rightTitle: null,
      back: null,
      canCancel: true,
      partnerCode: null,
    })
    expect((await listRedemptions(me.ctx, {})).redemptions).toEqual([redemption])
    expect(await booksOf(me.ctx, me.memberId)).toEqual({ points: 900, standing: 1, cancelled: 0, charges: 1, taken: 1 })
    const shown = (await listRewards(me.ctx)).rewards.find(({ rewardId }) => rewardId === reward.rewardId)
    expect(shown).toMatchObject({ left: 4, takenByMe: 1, refusal: null })
  })

  test('waits until the shop has prepared it, without a code', async () => {
    const me = await saver(one)
    const { redemption } = await exchange(me.ctx, await newReward(one, { prepareHours: 24, pickupDays: 7 }))
    expect(redemption).toMatchObject({ state: 'placed', pickupCode: null, pickupBy: '2026-11-30T15:59:59.999Z' })
    expect(redemption.readyAt).toBe(new Date(one.clock.at.getTime() + DAY).toISOString())
  })
})

describe('I-M1, I-M2: at any concurrency', () => {
  test('64 members for the last piece over two processes: one has it, 63 are told, one is charged', async () => {
    const crowd = await savers(one, 64)
    const reward = await newReward(one, { stockTotal: 1 })
    const ends = await endsOf(crowd.map(({ memberId }, n) => exchange(at(n, memberId), reward)))
    expect(ends).toEqual({ answer: 1, REWARD_GONE: 63 })
    const books = await Promise.all(crowd.map(({ ctx, memberId }) => booksOf(ctx, memberId)))
    expect(books.filter(({ charges, points }) => charges === 1 && points === 900)).toHaveLength(1)
    expect(books.filter(({ charges, points, taken }) => charges === 0 && points === 1_000 && taken === 0)).toHaveLength(
      63,
    )
    expect(await redemptionsOf(reward.rewardId)).toHaveLength(1)
    expect(await leftOf(reward.rewardId)).toBe(0)
  })

  test('200 exchanges of 100 pieces in 16 slots: exactly 100, as many charges, no slot below zero', async () => {
    const crowd = await savers(one, 50)
    const reward = await newReward(one, { stockTotal: 100, slots: 16, points: 10 })
    const all = Array.from({ length: 200 }, (_, n) => crowd[n % 50] as (typeof crowd)[number])
    const ends = await endsOf(all.map(({ memberId }, n) => exchange(at(n, memberId), reward)))
    expect(ends).toEqual({ answer: 100, REWARD_GONE: 100 })
    const books = await Promise.all(crowd.map(({ ctx, memberId }) => booksOf(ctx, memberId)))
    expect(books.reduce((sum, { charges }) => sum + charges, 0)).toBe(100)
    expect(books.reduce((sum, { points }) => sum + points, 0)).toBe(50 * 1_000 - 100 * 10)
    expect(await redemptionsOf(reward.rewardId)).toHaveLength(100)
    const slots = await one.as().db.rewardStock.findMany({ where: { rewardId: reward.rewardId } })
    expect(slots.map(({ remaining }) => remaining)).toEqual(Array(16).fill(0))
  })

  test('a numbered edition of 40, 64 members at once: numbers 1 to 40, each with one owner', async () => {
    const crowd = await savers(one, 64)
    const reward = await newReward(one, { stockTotal: 40, numbered: true })
    const ends = await endsOf(crowd.map(({ memberId }, n) => exchange(at(n, memberId), reward)))
    expect(ends).toEqual({ answer: 40, REWARD_GONE: 24 })
    const given = await redemptionsOf(reward.rewardId)
    expect(given.map(({ pieceNo }) => pieceNo)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1))
    const pieces = await one
      .as()
      .db.rewardPiece.findMany({ where: { rewardId: reward.rewardId }, orderBy: { pieceNo: 'asc' } })
    expect(pieces.map(({ memberId, redemptionId }) => [memberId, redemptionId])).toEqual(
      given.map(({ memberId, redemptionId }) => [memberId, redemptionId]),
    )
  })

  test('one member, limited to two, 64 times at once: two, each charged once', async () => {
    const me = await saver(one, 10_000)
    const reward = await newReward(one, { perPersonLimit: 2, stockTotal: 50 })
    const ends = await endsOf(Array.from({ length: 64 }, (_, n) => exchange(at(n, me.memberId), reward)))
    expect(ends).toEqual({ answer: 2, REWARD_LIMIT: 62 })
    expect(await booksOf(me.ctx, me.memberId)).toEqual({
      points: 9_800,
      standing: 2,
      cancelled: 0,
      charges: 2,
      taken: 2,
    })
    expect(await leftOf(reward.rewardId)).toBe(48)
    expect(await refusalOf(exchange(me.ctx, reward), 'REWARD_LIMIT')).toEqual({ limit: 2 })
  })

  test('points for five, 64 exchanges at once: five, the others are told what is missing', async () => {
    const me = await saver(one, 599)
    const reward = await newReward(one)
    const ends = await endsOf(Array.from({ length: 64 }, (_, n) => exchange(at(n, me.memberId), reward)))
    expect(ends).toEqual({ answer: 5, POINTS_SHORT: 59 })
    expect(await refusalOf(exchange(me.ctx, reward), 'POINTS_SHORT')).toEqual({ shortPoints: 1 })
    expect(await booksOf(me.ctx, me.memberId)).toMatchObject({ points: 99, standing: 5, charges: 5 })
  })

  test('pieces that are cancelled while others want them are never given twice', async () => {
    const [owners, crowd] = [await savers(one, 16), await savers(one, 48)]
    const reward = await newReward(one, { stockTotal: 16, numbered: true })
    const first = await Promise.all(owners.map(({ ctx }) => exchange(ctx, reward)))
    const [, ends] = await Promise.all([
      Promise.all(
        first.map(({ redemption: { redemptionId } }, n) =>
          cancelRedemption(at(n, (owners[n] as (typeof owners)[number]).memberId), {
            requestId: randomUUID(),
            redemptionId,
          }),
        ),
      ),
      endsOf(crowd.map(({ memberId }, n) => exchange(at(n, memberId), reward))),
    ])
    const standing = (await redemptionsOf(reward.rewardId)).filter(({ state }) => state !== 'cancelled')
    expect(standing).toHaveLength(ends.answer ?? 0)
    expect(new Set(standing.map(({ pieceNo }) => pieceNo)).size).toBe(standing.length)
    expect(await leftOf(reward.rewardId)).toBe(16 - standing.length)
  })
})

describe('I-L5: one command, one effect', () => {
  test('sent 64 times over two processes: one exchange, 64 equal answers', async () => {
    const me = await saver(one)
    const [reward, requestId] = [await newReward(one, { stockTotal: 9 }), randomUUID()]
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => exchange(at(n, me.memberId), reward, requestId)),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await booksOf(me.ctx, me.memberId)).toEqual({ points: 900, standing: 1, cancelled: 0, charges: 1, taken: 1 })
    expect(await leftOf(reward.rewardId)).toBe(8)
  })

  test('the same requestId for another reward is refused; of another member it is another command', async () => {
    const [me, you] = (await savers(one, 2)) as [Awaited<ReturnType<typeof saver>>, Awaited<ReturnType<typeof saver>>]
    const [reward, requestId] = [await newReward(one), randomUUID()]
    await exchange(me.ctx, reward, requestId)
    await refusalOf(exchange(me.ctx, await newReward(one), requestId), 'REQUEST_REUSED')
    await exchange(you.ctx, reward, requestId)
    expect(await booksOf(you.ctx, you.memberId)).toMatchObject({ points: 900, standing: 1 })
  })

  test('beside a merge that takes the member away: every exchange is the survivor’s, none is doubled', async () => {
    const [me, kept] = [await saver(one, 3_200), await saver(one, 0)]
    const reward = await newReward(one, { stockTotal: 100 })
    const works = Array.from({ length: 32 }, (_, n) => exchange(at(n, me.memberId), reward))
    const [ends] = await Promise.all([
      endsOf(works),
      inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, me.memberId)),
    ])
    expect(ends).toEqual({ answer: 32 })
    expect(await booksOf(me.ctx, me.memberId)).toMatchObject({ points: 0, standing: 0, taken: 0 })
    expect(await booksOf(kept.ctx, kept.memberId)).toMatchObject({ points: 0, standing: 32, taken: 32 })
  })
})

describe('is refused', () => {
  test('for what is not on the shelf, and for somebody who is no member', async () => {
    const me = await saver(one)
    await refusalOf(exchange(me.ctx, { rewardId: 'nowhere', points: 1 }), 'NOT_FOUND')
    await refusalOf(exchange(me.ctx, await newReward(one, { listed: false })), 'NOT_FOUND')
    await refusalOf(exchange(one.as(), await newReward(one)), 'SESSION_NEEDED')
    expect(await booksOf(me.ctx, me.memberId)).toMatchObject({ points: 1_000, charges: 0 })
  })

  test('at another price than was shown', async () => {
    const [me, reward] = [await saver(one), await newReward(one)]
    expect(await refusalOf(exchange(me.ctx, { ...reward, points: 99 }), 'REWARD_CHANGED')).toEqual({ points: 100 })
  })

  test('before it opens: for the public, and a day earlier for whom a right lets in', async () => {
    await newRight(one, { tierFrom: 3, hours: 48 })
    const [me, platinum] = [await saver(one), await saver(one)]
    await one.as().db.standing.update({ where: { memberId: platinum.memberId }, data: { tier: 3 } })
    const reward = await newReward(one, { publicInDays: 2, earlyHours: 24 })
    const opensAt = (days: number) => ({ opensAt: new Date(one.clock.at.getTime() + days * DAY).toISOString() })
    expect(await refusalOf(exchange(me.ctx, reward), 'REWARD_NOT_OPEN')).toEqual(opensAt(2))
    expect(await refusalOf(exchange(platinum.ctx, reward), 'REWARD_NOT_OPEN')).toEqual(opensAt(1))
    const shown = async (who: typeof me) =>
      (await listRewards(who.ctx)).rewards.find(({ rewardId }) => rewardId === reward.rewardId)?.opensForMeAt
    expect([await shown(me), await shown(platinum)]).toEqual([opensAt(2).opensAt, opensAt(1).opensAt])
    one.clock.pass(DAY)
    await exchange(platinum.ctx, reward)
    await refusalOf(exchange(me.ctx, reward), 'REWARD_NOT_OPEN')
    one.clock.pass(DAY - 1)
    await refusalOf(exchange(me.ctx, reward), 'REWARD_NOT_OPEN')
    one.clock.pass(1)
    await exchange(me.ctx, reward)
  })

  test('once it is over, below its tier, and in debt', async () => {
    const me = await saver(one)
    const ending = await newReward(one, { endsInDays: 1 })
    one.clock.pass(DAY)
    await refusalOf(exchange(me.ctx, ending), 'REWARD_OVER')
    expect(await refusalOf(exchange(me.ctx, await newReward(one, { tierGate: 2 })), 'TIER_NEEDED')).toEqual({ tier: 2 })
    await owe(one, me.memberId, 1_200)
    await award(one, me.memberId, { points: 50 })
    const detail = await refusalOf(exchange(me.ctx, await newReward(one, { points: 1 })), 'IN_DEBT')
    expect(detail.debtPoints).toBeGreaterThan(0)
  })
})
