import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { newRight, type RightWish, usesOf } from '../right/right.fixture'
import { cancelOverdueRedemptions } from './cancel-overdue-redemptions'
import { cancelRedemption } from './cancel-redemption'
import { listRewards } from './list-rewards'
import { booksOf, DAY, exchange, newReward, saver } from './mall.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
afterEach(async () => {
  await expectLedgerHolds(one.as().db)
  await expectPromisesHold(one.as().db, one.clock.at)
  // the next test has its own rights only
  await one.as().db.right.updateMany({ data: { endsAt: new Date(0) } })
})
afterAll(() => Promise.all([one.close(), other.close()]))

const TWICE_A_MONTH: RightWish = { tierFrom: 2, quota: 2, period: 'month', hours: 24 }
/** The same person at one of two servers, in turn. */
const at = (n: number, memberId: string) => (n % 2 ? one : other).as(memberId)
const gold = async (points = 10_000) => {
  const me = await saver(one, points)
  await one.as().db.standing.update({ where: { memberId: me.memberId }, data: { tier: 2 } })
  return me
}
/** Opens to the public in half a day, to whom a right lets in already. */
const soon = (more = {}) => newReward(one, { publicInDays: 0.5, earlyHours: 24, ...more })
const drops = (count: number) => Promise.all(Array.from({ length: count }, () => soon()))
const cancel = (ctx: Parameters<typeof cancelRedemption>[0], redemptionId: string) =>
  cancelRedemption(ctx, { requestId: randomUUID(), redemptionId })
const nextMonth = { backAt: '2026-11-30T16:00:00.000Z' }

describe('I-R1: a right that is there twice a month', () => {
  test('64 early exchanges of 64 rewards at once over two processes: exactly two, the others are told when it is back', async () => {
    const rightId = await newRight(one, TWICE_A_MONTH)
    const [me, rewards] = [await gold(), await drops(64)]
    const ends = await endsOf(rewards.map((reward, n) => exchange(at(n, me.memberId), reward)))
    expect(ends).toEqual({ answer: 2, RIGHT_USED_UP: 62 })
    expect(await usesOf(one, me.memberId, rightId)).toEqual({ '2026-11': 2 })
    expect(await booksOf(me.ctx, me.memberId)).toMatchObject({ points: 9_800, standing: 2, charges: 2, taken: 2 })
    const given = await one.as().db.redemption.findMany({ where: { memberId: me.memberId } })
    expect(given.map((row) => [row.rightId, row.rightPeriod])).toEqual(Array(2).fill([rightId, '2026-11']))
    expect(await refusalOf(exchange(me.ctx, await soon()), 'RIGHT_USED_UP')).toEqual(nextMonth)
  })

  test('an exchange that is taken back 32 times at once gives one use back, and 32 want it: one has it', async () => {
    const rightId = await newRight(one, TWICE_A_MONTH)
    const [me, rewards] = [await gold(), await drops(34)]
    const [first] = [await exchange(me.ctx, rewards[0] as never), await exchange(me.ctx, rewards[1] as never)]
    expect(first.redemption).toMatchObject({ rightTitle: '早享', canCancel: true })
    const { redemptionId } = first.redemption
    const back = await endsOf(Array.from({ length: 32 }, (_, n) => cancel(at(n, me.memberId), redemptionId)))
    expect(back).toEqual({ answer: 1, REDEMPTION_DONE: 31 })
    expect(await usesOf(one, me.memberId, rightId)).toEqual({ '2026-11': 1 })
    const again = await endsOf(rewards.slice(2).map((reward, n) => exchange(at(n, me.memberId), reward)))
    expect(again).toEqual({ answer: 1, RIGHT_USED_UP: 31 })
    expect(await usesOf(one, me.memberId, rightId)).toEqual({ '2026-11': 2 })
  })

  test('one exchange sent 64 times uses it once', async () => {
    const rightId = await newRight(one, TWICE_A_MONTH)
    const [me, reward, requestId] = [await gold(), await soon(), randomUUID()]
    await Promise.all(Array.from({ length: 64 }, (_, n) => exchange(at(n, me.memberId), reward, requestId)))
    expect(await usesOf(one, me.memberId, rightId)).toEqual({ '2026-11': 1 })
  })

  test('is whole again in the next month; what was used in the last one and is taken back counts there', async () => {
    const rightId = await newRight(one, TWICE_A_MONTH)
    const me = await gold()
    const now = one.clock.at
    one.clock.at = new Date('2026-11-30T15:59:59.999Z')
    const { redemption } = await exchange(me.ctx, await soon())
    await exchange(me.ctx, await soon())
    await refusalOf(exchange(me.ctx, await soon()), 'RIGHT_USED_UP')
    one.clock.pass(1)
    await exchange(me.ctx, await soon())
    await cancel(me.ctx, redemption.redemptionId)
    expect(await usesOf(one, me.memberId, rightId)).toEqual({ '2026-11': 1, '2026-12': 1 })
    await exchange(me.ctx, await soon())
    await refusalOf(exchange(me.ctx, await soon()), 'RIGHT_USED_UP')
    await expectPromisesHold(one.as().db, one.clock.at)
    one.clock.at = now
  })

  test('what nobody picked up gives it back, too', async () => {
    const rightId = await newRight(one, TWICE_A_MONTH)
    const me = await gold()
    await exchange(me.ctx, await soon({ pickupDays: 1 }))
    const now = one.clock.at
    one.clock.pass(3 * DAY)
    await cancelOverdueRedemptions(one.as(), { batch: 100 })
    expect(await usesOf(one, me.memberId, rightId)).toEqual({ '2026-11': 0 })
    one.clock.at = now
  })

  test('is not used by an exchange that fails, nor by one that everybody may make', async () => {
    const rightId = await newRight(one, TWICE_A_MONTH)
    const [me, poor] = [await gold(), await gold(99)]
    await refusalOf(exchange(me.ctx, await soon({ stockTotal: 0 })), 'REWARD_GONE')
    await refusalOf(exchange(me.ctx, await soon({ tierGate: 3 })), 'TIER_NEEDED')
    await refusalOf(exchange(poor.ctx, await soon()), 'POINTS_SHORT')
    await exchange(me.ctx, await newReward(one, { earlyHours: 24 }))
    for (const { memberId } of [me, poor]) expect(await usesOf(one, memberId, rightId)).toEqual({})
  })

  test('beside another without a limit it is spared; of two limited ones the narrower goes first', async () => {
    const wide = await newRight(one, { tierFrom: 2, quota: 1, period: 'day', hours: 48 })
    const narrow = await newRight(one, { tierFrom: 2, quota: 1, period: 'once', hours: 24 })
    const [me, you] = [await gold(), await gold()]
    await exchange(me.ctx, await soon())
    expect(await usesOf(one, me.memberId, narrow)).toEqual({ once: 1 })
    await exchange(me.ctx, await soon())
    expect(await usesOf(one, me.memberId, wide)).toEqual({ '2026-11-22': 1 })
    expect(await refusalOf(exchange(me.ctx, await soon()), 'RIGHT_USED_UP')).toEqual({
      backAt: '2026-11-22T16:00:00.000Z',
    })
    const free = await newRight(one, { tierFrom: 2, hours: 48 })
    for (let n = 0; n < 3; n++) await exchange(you.ctx, await soon())
    expect(await usesOf(one, you.memberId, free)).toEqual({ once: 3 })
    for (const right of [wide, narrow]) expect(await usesOf(one, you.memberId, right)).toEqual({})
  })
})

describe('two records that turn out to be one person', () => {
  test('have used what both used; an excess stays recorded and leaves nothing, also when one is taken back', async () => {
    const rightId = await newRight(one, TWICE_A_MONTH)
    const [kept, gone] = [await gold(), await gold()]
    await exchange(kept.ctx, await soon())
    await exchange(kept.ctx, await soon())
    const { redemption } = await exchange(gone.ctx, await soon())
    await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
    expect(await usesOf(one, gone.memberId, rightId)).toEqual({})
    expect(await usesOf(one, kept.memberId, rightId)).toEqual({ '2026-11': 3 })
    await refusalOf(exchange(kept.ctx, await soon()), 'RIGHT_USED_UP')
    await cancel(kept.ctx, redemption.redemptionId)
    expect(await usesOf(one, kept.memberId, rightId)).toEqual({ '2026-11': 2 })
    await refusalOf(exchange(kept.ctx, await soon()), 'RIGHT_USED_UP')
  })

  test('beside early exchanges of both: never a new one beyond what is left', async () => {
    const rightId = await newRight(one, TWICE_A_MONTH)
    const [kept, gone] = [await gold(), await gold()]
    const rewards = await drops(24)
    const [ends] = await Promise.all([
      endsOf(rewards.map((reward, n) => exchange(at(n, (n % 4 < 2 ? kept : gone).memberId), reward))),
      inTx(other.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId)),
    ])
    const uses = await usesOf(one, kept.memberId, rightId)
    expect(uses).toEqual({ '2026-11': ends.answer })
    expect(ends.answer).toBeGreaterThanOrEqual(2)
    expect(ends.answer).toBeLessThanOrEqual(4)
  })
})

describe('what the page tells', () => {
  const shown = async (who: Awaited<ReturnType<typeof gold>>, rewardId: string) => {
    const found = (await listRewards(who.ctx)).rewards.find((reward) => reward.rewardId === rewardId)
    return { early: found?.early, opensForMeAt: found?.opensForMeAt, refusal: found?.refusal?.code ?? null }
  }

  test('of early access: there, used up, locked, and nothing once everybody may', async () => {
    await newRight(one, { ...TWICE_A_MONTH, quota: 1 })
    const [me, silver] = [await gold(), await saver(one)]
    const { rewardId, points } = await soon()
    // other tests put up more rewards than the first page of the mall holds
    await one.as().db.reward.update({ where: { rewardId }, data: { position: -1 } })
    const opensAt = new Date(one.clock.at.getTime() - 0.5 * DAY).toISOString()
    const publicAt = new Date(one.clock.at.getTime() + 0.5 * DAY).toISOString()
    const early = {
      title: '早享',
      opensAt,
      state: 'available',
      left: 1,
      period: 'month',
      backAt: null,
      unlockTier: null,
    }
    expect(await shown(me, rewardId)).toEqual({ early, opensForMeAt: opensAt, refusal: null })
    expect(await shown(silver, rewardId)).toEqual({
      early: { ...early, state: 'locked', left: 0, unlockTier: 2 },
      opensForMeAt: publicAt,
      refusal: 'REWARD_NOT_OPEN',
    })
    await exchange(me.ctx, { rewardId, points })
    const used = { ...early, state: 'used_up', left: 0, ...nextMonth }
    expect(await shown(me, rewardId)).toEqual({ early: used, opensForMeAt: publicAt, refusal: 'RIGHT_USED_UP' })
    const now = one.clock.at
    one.clock.pass(0.5 * DAY)
    expect(await shown(silver, rewardId)).toEqual({ early: null, opensForMeAt: publicAt, refusal: null })
    one.clock.at = now
  })
})
