import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { type Ctx, inTx } from '../ctx'
import { mergeMember } from '../member'
import { favourReward } from './favour-reward'
import { listRewards, showWindow } from './list-rewards'
import { newReward, saver } from './mall.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
afterAll(() => Promise.all([one.close(), other.close()]))

const favour = (ctx: Ctx, rewardId: string, on = true, requestId: string = randomUUID()) =>
  favourReward(ctx, { requestId, rewardId, on })
const favoured = async (ctx: Ctx) =>
  (await listRewards(ctx)).rewards.filter(({ favourite }) => favourite).map(({ rewardId }) => rewardId)

test('32 hearts at once over two processes are one; taken away as often it is none; nobody else sees it', async () => {
  const [me, you, { rewardId }] = [await saver(one, 0), await saver(one, 0), await newReward(one)]
  const at = (n: number) => (n % 2 ? one : other).as(me.memberId)
  const answers = await Promise.all(Array.from({ length: 32 }, (_, n) => favour(at(n), rewardId)))
  expect(answers.every((answer) => answer.favourite && answer.rewardId === rewardId)).toBe(true)
  expect(await favoured(me.ctx)).toEqual([rewardId])
  expect(await favoured(you.ctx)).toEqual([])
  expect((await showWindow(one.as())).rewards.some(({ favourite }) => favourite)).toBe(false)
  await Promise.all(Array.from({ length: 32 }, (_, n) => favour(at(n), rewardId, false)))
  expect(await favoured(me.ctx)).toEqual([])
})

test('sent again it changes nothing, whatever came between', async () => {
  const [me, { rewardId }, requestId] = [await saver(one, 0), await newReward(one), randomUUID()]
  await favour(me.ctx, rewardId, true, requestId)
  await favour(me.ctx, rewardId, false)
  expect(await favour(me.ctx, rewardId, true, requestId)).toEqual({ rewardId, favourite: true })
  expect(await favoured(me.ctx)).toEqual([])
  await refusalOf(favour(me.ctx, rewardId, false, requestId), 'REQUEST_REUSED')
})

test('what is on no shelf is not found; what has left it can still be let go', async () => {
  const [me, { rewardId }] = [await saver(one, 0), await newReward(one)]
  await favour(me.ctx, rewardId)
  await one.as().db.reward.update({ where: { rewardId }, data: { listed: false } })
  await refusalOf(favour(me.ctx, rewardId), 'NOT_FOUND')
  expect(await favour(me.ctx, rewardId, false)).toEqual({ rewardId, favourite: false })
  await refusalOf(favour(me.ctx, 'nowhere'), 'NOT_FOUND')
  await refusalOf(favour(one.as(), rewardId), 'SESSION_NEEDED')
})

test('go along when two records turn out to be one person, each once, since the earlier', async () => {
  const [kept, gone] = [await saver(one, 0), await saver(one, 0)]
  const [both, mine] = [await newReward(one), await newReward(one)]
  await favour(gone.ctx, both.rewardId)
  const since = one.clock.at
  one.clock.pass(1_000)
  await favour(kept.ctx, both.rewardId)
  await favour(gone.ctx, mine.rewardId)
  await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
  expect((await favoured(kept.ctx)).sort()).toEqual([both.rewardId, mine.rewardId].sort())
  const rows = await one.as().db.rewardFavourite.findMany({ where: { rewardId: both.rewardId } })
  expect(rows).toEqual([{ memberId: kept.memberId, rewardId: both.rewardId, at: since }])
})
