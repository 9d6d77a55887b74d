import { pickupByOf } from '@huiyuan/shared/mall'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { owe } from '../member/member.fixture'
import { Refusal } from '../refusal'
import { listRewards } from './list-rewards'
import { exchange, HOUR, newReward, saver } from './mall.fixture'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

const orNone = (max: number) => fc.option(fc.integer({ min: 0, max }), { freq: 2 })

test('what the page greys out is what the statement refuses, word for word', async () => {
  const facts = fc.record({
    points: fc.constantFrom(0, 99, 100, 101),
    owes: fc.constantFrom(0, 0, 0, 7),
    tier: fc.integer({ min: 1, max: 6 }),
    tierGate: fc.constantFrom(1, 1, 3),
    perPersonLimit: fc.option(fc.constantFrom(1, 2), { freq: 2 }),
    taken: fc.constantFrom(0, 1, 2),
    left: orNone(1),
    publicInHours: fc.constantFrom(-9, 0, 1, 5),
    early: fc.option(fc.record({ earlyTier: fc.constantFrom(1, 3, 6), earlyHours: fc.constantFrom(1, 4, 5) }), {
      freq: 2,
    }),
    endsInHours: fc.option(fc.constantFrom(0, 1, -2), { freq: 1 }),
  })
  await fc.assert(
    fc.asyncProperty(facts, async (wish) => {
      const { db } = one.as()
      const me = await saver(one, wish.points)
      await db.standing.update({ where: { memberId: me.memberId }, data: { tier: wish.tier } })
      if (wish.owes > 0) await owe(one, me.memberId, wish.points + wish.owes)
      const { tierGate, perPersonLimit, left } = wish
      const reward = await newReward(one, {
        tierGate,
        ...wish.early,
        ...(perPersonLimit === null ? {} : { perPersonLimit }),
        ...(left === null ? {} : { stockTotal: left }),
      })
      const hence = (hours: number) => new Date(one.clock.at.getTime() + hours * HOUR)
      const { rewardId } = reward
      const endsAt = wish.endsInHours === null ? null : hence(wish.endsInHours)
      await db.reward.update({ where: { rewardId }, data: { publicAt: hence(wish.publicInHours), endsAt } })
      await db.rewardQuota.create({ data: { memberId: me.memberId, rewardId, taken: wish.taken } })
      const shown = (await listRewards(me.ctx)).rewards.find((row) => row.rewardId === rewardId)
      const refused = await exchange(me.ctx, reward).then(
        () => null,
        (thrown: unknown) => (thrown instanceof Refusal ? thrown.fault : Promise.reject(thrown)),
      )
      expect(refused).toEqual(shown?.refusal)
      await db.reward.update({ where: { rewardId }, data: { listed: false } })
    }),
    { numRuns: 40 },
  )
})

test('until when it waits: the rule and the statement count the same business days', async () => {
  const days = fc.integer({ min: 1, max: 400 })
  const instant = fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  await fc.assert(
    fc.asyncProperty(instant, days, async (readyAt, n) => {
      const [row] = await one.as().db.$queryRaw<{ by: Date }[]>`SELECT mall_pickup_by(${readyAt}, ${n}::int) AS by`
      expect(row?.by).toEqual(pickupByOf(readyAt, n))
    }),
    { numRuns: 50 },
  )
})
