import { seedMall } from '../../../prisma/seed/mall'
import { DEMO_REWARDS } from '../../../prisma/seed/rewards'
import { testDatabase } from '../../../test/support/database'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { listRedemptions } from './list-redemptions'
import { showWindow } from './list-rewards'
import { exchange, newReward, saver } from './mall.fixture'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

test('the demo shelf: fifteen things to exchange, none that is only a gift; safe to put up twice', async () => {
  await seedMall(one.as())
  await seedMall(one.as())
  const { rewards } = await showWindow(one.as())
  const demo = rewards.filter(({ rewardId }) => DEMO_REWARDS.some((reward) => reward.rewardId === rewardId))
  expect(demo).toHaveLength(15)
  expect(demo.map(({ rewardId }) => rewardId)).not.toContain('peach_taster')
  expect(demo.every(({ refusal, opensForMeAt, publicAt }) => refusal === null && opensForMeAt === publicAt)).toBe(true)
  expect(demo.every(({ keywords }) => /[a-z]{3}/.test(keywords))).toBe(true)
  expect(demo.find(({ rewardId }) => rewardId === 'book_code')).toMatchObject({ left: 40, stockTotal: null })
  expect(demo.find(({ rewardId }) => rewardId === 'glazed_bowl')).toMatchObject({ left: 500, numbered: true })
  expect(demo.find(({ rewardId }) => rewardId === 'peach_jar')).toMatchObject({ left: 320, stockTotal: 320 })
})

test('pages of redemptions give each once, newest first, and nobody else’s', async () => {
  const [me, you] = [await saver(one, 10_000), await saver(one)]
  const reward = await newReward(one)
  for (let n = 0; n < 45; n++) {
    one.clock.pass(1)
    await exchange(me.ctx, reward)
  }
  const { redemption: foreign } = await exchange(you.ctx, reward)
  const seen: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await listRedemptions(me.ctx, { cursor })
    seen.push(...page.redemptions.map(({ redemptionId }) => redemptionId))
    if (!page.nextCursor) break
    cursor = page.nextCursor
  }
  const own = await one
    .as()
    .db.redemption.findMany({ where: { memberId: me.memberId }, orderBy: { redemptionId: 'desc' } })
  expect(seen).toEqual(own.map(({ redemptionId }) => redemptionId))
  const after = await listRedemptions(me.ctx, { cursor: foreign.redemptionId })
  expect(after.redemptions.every(({ redemptionId }) => seen.includes(redemptionId))).toBe(true)
})
