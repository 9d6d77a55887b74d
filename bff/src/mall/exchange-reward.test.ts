import { randomUUID } from 'node:crypto'
import { DEMO_REWARDS, seedMall } from '../../../prisma/seed/mall'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { owe } from '../member/member.fixture'
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

const houses = () => [one, other] as const

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
      canCancel: true,
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

test('the demo shelf: twelve things to exchange, none that is only a gift; safe to put up twice', async () => {
  await seedMall(one.as())
  await seedMall(one.as())
  const { rewards } = await showWindow(one.as())
  const demo = rewards.filter(({ rewardId }) => DEMO_REWARDS.some((reward) => reward.rewardId === rewardId))
  expect(demo).toHaveLength(12)
  expect(demo.map(({ rewardId }) => rewardId)).not.toContain('peach_taster')
  expect(demo.every(({ refusal, opensForMeAt, publicAt }) => refusal === null && opensForMeAt === publicAt)).toBe(true)
  expect(demo.find(({ rewardId }) => rewardId === 'glazed_bowl')).toMatchObject({ left: 500, numbered: true })
  expect(demo.find(({ rewardId }) => rewardId === 'peach_jar')).toMatchObject({ left: 320, stockTotal: 320 })
})
