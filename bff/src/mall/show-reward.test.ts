import { testDatabase } from '../../../test/support/database'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { listRewards, showWindow } from './list-rewards'
import { newReward, saver } from './mall.fixture'
import { showReward, showRewardInWindow } from './show-reward'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

test('is what the shelf shows, for a member and for everybody', async () => {
  const { rewardId } = await newReward(one, { points: 580, stockTotal: 20, earlyHours: 24, publicInDays: 1 })
  const me = await saver(one, 10)
  const { rewards, more: _, ...purse } = await listRewards(me.ctx)
  expect(await showReward(me.ctx, { rewardId })).toEqual({
    ...purse,
    reward: rewards.find((reward) => reward.rewardId === rewardId),
  })
  const window = await showWindow(one.as())
  expect(await showRewardInWindow(one.as(), { rewardId })).toEqual({
    reward: window.rewards.find((reward) => reward.rewardId === rewardId),
  })
})

test('is there beyond the end of the shelf, and says so when it is long over', async () => {
  for (let n = 0; n < 61; n++) await newReward(one)
  const { rewards } = await showWindow(one.as())
  const { rewardId } = await one
    .as()
    .db.reward.findFirstOrThrow({ where: { rewardId: { notIn: rewards.map((reward) => reward.rewardId) } } })
  expect((await showRewardInWindow(one.as(), { rewardId })).reward.rewardId).toBe(rewardId)
  const over = await newReward(one, { endsInDays: -8, publicInDays: -9 })
  const me = await saver(one)
  expect((await showReward(me.ctx, over)).reward.refusal).toMatchObject({ code: 'REWARD_OVER' })
})

test('what is on no shelf or was never there is not found', async () => {
  const { rewardId } = await newReward(one, { listed: false })
  const me = await saver(one)
  for (const wanted of [{ rewardId }, { rewardId: 'nothing' }]) {
    await refusalOf(showReward(me.ctx, wanted), 'NOT_FOUND')
    await refusalOf(showRewardInWindow(one.as(), wanted), 'NOT_FOUND')
  }
})
