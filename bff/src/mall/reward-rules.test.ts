import { pickupByOf } from '@huiyuan/shared/mall'
import { nextPeriodAt, periodKeyOf, type RightPeriod } from '@huiyuan/shared/right'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { owe } from '../member/member.fixture'
import { Refusal } from '../refusal'
import { newRight, newRightOf, type RightWish } from '../right/right.fixture'
import { listRewards } from './list-rewards'
import { exchange, HOUR, newReward, saver } from './mall.fixture'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

const orNone = (max: number) => fc.option(fc.integer({ min: 0, max }), { freq: 2 })

const LIMITS: Pick<RightWish, 'quota' | 'period'>[] = [
  {},
  { quota: 1, period: 'day' },
  { quota: 2, period: 'month' },
  { quota: 1, period: 'once' },
]
interface GivenRight {
  wish: Omit<RightWish, 'quota' | 'period'> & { limit: (typeof LIMITS)[number] }
  used: number
}

async function giveRights(memberId: string, rights: GivenRight[]): Promise<void> {
  for (const { wish, used } of rights) {
    const { limit, ...rest } = wish
    const rightId = await newRight(one, { ...rest, ...limit })
    const periodKey = periodKeyOf(limit.period ?? null, one.clock.at)
    if (used > 0) await one.as().db.rightUse.create({ data: { memberId, rightId, periodKey, used } })
  }
}

interface Wish {
  points: number
  owes: number
  tier: number
  tierGate: number
  perPersonLimit: number | null
  taken: number
  left: number | null
  publicInHours: number
  earlyHours: number | null
  rights: GivenRight[]
  endsInHours: number | null
  /** One piece is kept for who has a right from this tier on, and has not used it. */
  kept: { tierFrom: number; used: number; hours: number } | null
}

const rightWish = (tiers: number[], hours: number[]) =>
  fc.record({
    wish: fc.record({
      tierFrom: fc.constantFrom(...tiers),
      hours: fc.constantFrom(...hours),
      limit: fc.constantFrom(...LIMITS),
      endsInHours: fc.constantFrom(-1, 2, 99, 99),
    }),
    used: fc.nat(2),
  })

/** Anything that may stand in the way. */
const whole = fc.record({
  points: fc.constantFrom(0, 99, 100, 101),
  owes: fc.constantFrom(0, 0, 0, 7),
  tier: fc.integer({ min: 1, max: 6 }),
  tierGate: fc.constantFrom(1, 1, 3),
  perPersonLimit: fc.option(fc.constantFrom(1, 2), { freq: 2 }),
  taken: fc.constantFrom(0, 1, 2),
  left: orNone(2),
  publicInHours: fc.constantFrom(-9, 0, 1, 5),
  earlyHours: fc.option(fc.constantFrom(1, 4, 5), { freq: 2 }),
  rights: fc.array(rightWish([1, 3, 6], [1, 4, 24]), { maxLength: 2 }),
  endsInHours: fc.option(fc.constantFrom(0, 1, -2), { freq: 1 }),
  kept: fc.option(fc.record({ tierFrom: fc.constantFrom(1, 6), used: fc.nat(1), hours: fc.constantFrom(1, 1, 0) }), {
    freq: 3,
  }),
})
/** Nothing but what decides whether somebody comes early. */
const opening = fc
  .record({
    tier: fc.constantFrom(2, 2, 3),
    publicInHours: fc.constantFrom(1, 5, 20),
    earlyHours: fc.option(fc.constantFrom(4, 6, 30), { freq: 9 }),
    rights: fc.array(rightWish([2, 2, 3], [4, 12, 24]), { minLength: 1, maxLength: 3 }),
  })
  .map(
    (some): Wish => ({
      ...some,
      ...{
        points: 100,
        owes: 0,
        tierGate: 1,
        perPersonLimit: null,
        taken: 0,
        left: null,
        endsInHours: null,
        kept: null,
      },
    }),
  )

async function keepOne(memberId: string, rewardId: string, { tierFrom, used, hours }: NonNullable<Wish['kept']>) {
  const { db } = one.as()
  const rightId = await newRightOf(one, 'limited_edition', { rewardId }, { tierFrom, quota: 1, period: 'year' })
  const until = new Date(one.clock.at.getTime() + hours * HOUR)
  await db.rightReserve.create({ data: { rightId, rewardId, piecesLeft: 1, until } })
  if (used > 0) await db.rightUse.create({ data: { memberId, rightId, periodKey: '2026', used } })
}

/** What the page shows of a reward, and what the statement says to it. */
async function bothSay(wish: Wish) {
  const { db } = one.as()
  const me = await saver(one, wish.points)
  await db.standing.update({ where: { memberId: me.memberId }, data: { tier: wish.tier } })
  if (wish.owes > 0) await owe(one, me.memberId, wish.points + wish.owes)
  const { tierGate, earlyHours, perPersonLimit, left } = wish
  const reward = await newReward(one, {
    tierGate,
    ...(earlyHours === null ? {} : { earlyHours }),
    ...(perPersonLimit === null ? {} : { perPersonLimit }),
    ...(left === null ? {} : { stockTotal: left }),
  })
  const hence = (hours: number) => new Date(one.clock.at.getTime() + hours * HOUR)
  const { rewardId } = reward
  const endsAt = wish.endsInHours === null ? null : hence(wish.endsInHours)
  await db.reward.update({ where: { rewardId }, data: { publicAt: hence(wish.publicInHours), endsAt } })
  await db.rewardQuota.create({ data: { memberId: me.memberId, rewardId, taken: wish.taken } })
  await giveRights(me.memberId, wish.rights)
  if (wish.kept && left) await keepOne(me.memberId, rewardId, wish.kept)
  const shown = (await listRewards(me.ctx)).rewards.find((row) => row.rewardId === rewardId)
  const refused = await exchange(me.ctx, reward).then(
    () => null,
    (thrown: unknown) => (thrown instanceof Refusal ? thrown.fault : Promise.reject(thrown)),
  )
  await db.reward.update({ where: { rewardId }, data: { listed: false } })
  await db.right.deleteMany()
  return { shown: shown?.refusal, refused }
}

describe('what the page greys out is what the statement refuses, word for word', () => {
  test('whatever stands in the way', async () => {
    await fc.assert(
      fc.asyncProperty(whole, async (wish) => {
        const { shown, refused } = await bothSay(wish)
        expect(refused).toEqual(shown)
      }),
      { numRuns: 50 },
    )
  })

  test('before the public: rights that are there, used up, over, wide and narrow', async () => {
    const codes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(opening, async (wish) => {
        const { shown, refused } = await bothSay(wish)
        expect(refused).toEqual(shown)
        codes.add(refused?.code ?? 'open')
      }),
      { numRuns: 100 },
    )
    expect([...codes].sort()).toEqual(['REWARD_NOT_OPEN', 'RIGHT_USED_UP', 'open'])
  })
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

test('the periods of rights: the rule and the statement cut them at the same instants', async () => {
  const instant = fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  const period = fc.constantFrom<RightPeriod | null>('day', 'month', 'year', 'once', null)
  await fc.assert(
    fc.asyncProperty(instant, period, async (at, each) => {
      const [row] = await one.as().db.$queryRaw<{ key: string; back: Date | null }[]>`
        SELECT right_period_key(${each}, ${at}) AS key, right_back_at(${each}, ${at}) AS back`
      expect(row).toEqual({ key: periodKeyOf(each, at), back: nextPeriodAt(each, at) })
    }),
    { numRuns: 60 },
  )
})
