import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import type { Ctx } from '../ctx'
import { award } from '../member/member.fixture'
import { cancelRedemption } from './cancel-redemption'
import { listRedemptions } from './list-redemptions'
import { listWaiting } from './list-waiting'
import { makeRedemptionsReady } from './make-redemptions-ready'
import { DAY, exchange, HOUR, newReward, saver } from './mall.fixture'
import { handOver } from './pick-up.fixture'
import { showRedemption } from './show-redemption'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

const stepsOf = async (ctx: Ctx, redemptionId: string) => {
  const { steps } = await showRedemption(ctx, { redemptionId })
  return steps.map(({ state, at }) => `${state} ${at === null ? '' : (Date.parse(at) - start) / HOUR}`.trim())
}
let start: number
beforeEach(() => {
  start = one.clock.at.getTime()
})

test('a service goes the way of a pick-up: prepared, ready with a code, handed over in a visit', async () => {
  const [me, clerk] = [await saver(one), await newStaff(one)]
  const { redemption } = await exchange(me.ctx, await newReward(one, { kind: 'service', prepareHours: 2 }))
  const { redemptionId } = redemption
  expect(redemption).toMatchObject({ kind: 'service', state: 'placed', canCancel: true })
  expect(await stepsOf(me.ctx, redemptionId)).toEqual(['placed 0', 'ready', 'done'])
  one.clock.pass(2 * HOUR)
  await makeRedemptionsReady(one.as(), { batch: 10 })
  expect(await stepsOf(me.ctx, redemptionId)).toEqual(['placed 0', 'ready 2', 'done'])
  const { pickupCode } = (await showRedemption(me.ctx, { redemptionId })).redemption
  const visit = await newVisit(one, me, clerk)
  expect((await listWaiting(clerk.ctx, clerk, visit)).redemptions).toMatchObject([{ kind: 'service', state: 'ready' }])
  await handOver(clerk, visit, pickupCode)
  expect(await stepsOf(me.ctx, redemptionId)).toEqual(['placed 0', 'ready 2', 'done 2'])
})

test('a cancelled one tells what came back: with the old end, with some grace, or not at all', async () => {
  const me = await saver(one, 0)
  await award(one, me.memberId, { points: 60, expiresInDays: 5 })
  await award(one, me.memberId, { points: 60, expiresInDays: 500 })
  const reward = await newReward(one, { pickupDays: 90 })
  const { redemption } = await exchange(me.ctx, reward)
  const { redemptionId } = redemption
  expect(redemption.back).toBeNull()
  one.clock.pass(10 * DAY)
  await cancelRedemption(me.ctx, { requestId: randomUUID(), redemptionId })
  const back = { returned: 40, grace: 60, expired: 0 }
  const shown = await showRedemption(me.ctx, { redemptionId })
  expect(shown.redemption).toMatchObject({ state: 'cancelled', back })
  expect((await listRedemptions(me.ctx, {})).redemptions).toMatchObject([{ redemptionId, back }])
  expect(shown.steps.map(({ state, at }) => [state, at && (Date.parse(at) - start) / DAY])).toEqual([
    ['placed', 0],
    ['ready', 0],
    ['cancelled', 10],
    ['returned', 10],
  ])
  expect(shown.steps.at(-1)?.words).toBe('40 积分退回原来的批次；60 积分原批次已到期，宽限一段时间')
})

test('of somebody else, or what was never exchanged, is not found', async () => {
  const [me, you] = [await saver(one), await saver(one)]
  const { redemption } = await exchange(you.ctx, await newReward(one))
  await refusalOf(showRedemption(me.ctx, { redemptionId: redemption.redemptionId }), 'NOT_FOUND')
  await refusalOf(showRedemption(me.ctx, { redemptionId: randomUUID() }), 'NOT_FOUND')
  await refusalOf(showRedemption(one.as(), { redemptionId: randomUUID() }), 'SESSION_NEEDED')
})
