import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, programmeTotals } from '../../../test/support/ledger'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { type Ctx, inTx } from '../ctx'
import { listStatement } from '../ledger/list-statement'
import { mergeMember } from '../member'
import { award } from '../member/member.fixture'
import { cancelRedemption } from './cancel-redemption'
import { booksOf, DAY, exchange, newReward, saver } from './mall.fixture'

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

const cancel = (ctx: Ctx, redemptionId: string, requestId: string = randomUUID()) =>
  cancelRedemption(ctx, { requestId, redemptionId })
const wordsOf = async (ctx: Ctx) => (await listStatement(ctx, {})).lines.map(({ words }) => words)

test('points go back to the lots they came from, with their old end; the statement says so', async () => {
  const me = await newMember(one)
  const early = await award(one, me.memberId, { points: 60, expiresInDays: 10 })
  const late = await award(one, me.memberId, { points: 60, expiresInDays: 50 })
  const reward = await newReward(one, { stockTotal: 3, perPersonLimit: 1 })
  const before = await programmeTotals(one.as().db)
  const { redemption } = await exchange(me.ctx, reward)
  const back = await cancel(me.ctx, redemption.redemptionId)
  expect(back).toMatchObject({ returned: 100, grace: 0, expired: 0 })
  expect(back.redemption).toMatchObject({
    state: 'cancelled',
    cancelReason: 'member',
    pickupCode: null,
    canCancel: false,
  })
  expect(await programmeTotals(one.as().db)).toEqual(before)
  const lots = await one.as().db.lot.findMany({ where: { memberId: me.memberId }, orderBy: { expiresAt: 'asc' } })
  expect(lots.map(({ lotId, remaining }) => [lotId, remaining])).toEqual([
    [early?.lotId, 60],
    [late?.lotId, 60],
  ])
  const words = await wordsOf(me.ctx)
  expect(words.filter((line) => line.includes('取消兑换'))).toHaveLength(2)
  expect(words.filter((line) => /兑换「桂花乌龙 一盏」，用掉 100 积分/.test(line))).toHaveLength(1)
  // the limit and the piece are free again
  await exchange(me.ctx, reward)
  expect(await booksOf(me.ctx, me.memberId)).toEqual({ points: 20, standing: 1, cancelled: 1, charges: 2, taken: 1 })
})

test('what ended meanwhile lives on for a month, once', async () => {
  const me = await newMember(one)
  await award(one, me.memberId, { points: 100, expiresInDays: 5 })
  await award(one, me.memberId, { points: 100, expiresInDays: 500 })
  const reward = await newReward(one, { points: 150, pickupDays: 90 })
  const { redemption } = await exchange(me.ctx, reward)
  one.clock.pass(10 * DAY)
  expect(await cancel(me.ctx, redemption.redemptionId)).toMatchObject({ returned: 50, grace: 100, expired: 0 })
  expect(await booksOf(me.ctx, me.memberId)).toMatchObject({ points: 200 })
  const again = await exchange(me.ctx, reward)
  one.clock.pass(40 * DAY)
  expect(await cancel(me.ctx, again.redemption.redemptionId)).toMatchObject({ returned: 50, grace: 0, expired: 100 })
  expect(await booksOf(me.ctx, me.memberId)).toMatchObject({ points: 100 })
})

test('I-M2, I-L5: one exchange taken back 64 times at once over two processes: points come back once', async () => {
  const me = await saver(one)
  const { redemption } = await exchange(me.ctx, await newReward(one, { stockTotal: 1 }))
  const works = Array.from({ length: 64 }, (_, n) =>
    cancel((n % 2 ? one : other).as(me.memberId), redemption.redemptionId),
  )
  expect(await endsOf(works)).toEqual({ answer: 1, REDEMPTION_DONE: 63 })
  expect(await booksOf(me.ctx, me.memberId)).toEqual({ points: 1_000, standing: 0, cancelled: 1, charges: 1, taken: 0 })
  const stock = await one
    .as()
    .db.rewardStock.aggregate({ where: { rewardId: redemption.rewardId }, _sum: { remaining: true } })
  expect(stock._sum.remaining).toBe(1)
})

test('sent again it gives the same answer', async () => {
  const [me, requestId] = [await saver(one), randomUUID()]
  const { redemption } = await exchange(me.ctx, await newReward(one))
  const first = await cancel(me.ctx, redemption.redemptionId, requestId)
  expect(await cancel(me.ctx, redemption.redemptionId, requestId)).toEqual(first)
})

test('I-M1: a cancelled piece can be taken again, with its number', async () => {
  const [me, you] = [await saver(one), await saver(one)]
  const reward = await newReward(one, { stockTotal: 1, numbered: true })
  const { redemption } = await exchange(me.ctx, reward)
  await refusalOf(exchange(you.ctx, reward), 'REWARD_GONE')
  await cancel(me.ctx, redemption.redemptionId)
  expect((await exchange(you.ctx, reward)).redemption).toMatchObject({ pieceNo: 1 })
})

test('of somebody else, or what was never exchanged, is not found', async () => {
  const [me, you] = [await saver(one), await saver(one)]
  const { redemption } = await exchange(you.ctx, await newReward(one))
  await refusalOf(cancel(me.ctx, redemption.redemptionId), 'NOT_FOUND')
  await refusalOf(cancel(me.ctx, randomUUID()), 'NOT_FOUND')
  await refusalOf(cancel(one.as(), redemption.redemptionId), 'SESSION_NEEDED')
  expect(await booksOf(you.ctx, you.memberId)).toMatchObject({ points: 900, standing: 1 })
})

test('after a merge the survivor takes it back: same lots’ end, shares of the limit added up', async () => {
  const [me, kept] = [await saver(one, 150), await saver(one, 150)]
  const reward = await newReward(one, { perPersonLimit: 2, stockTotal: 9, numbered: true })
  const { redemption } = await exchange(me.ctx, reward)
  await exchange(kept.ctx, reward)
  await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, me.memberId))
  await refusalOf(exchange(kept.ctx, reward), 'REWARD_LIMIT')
  expect(await cancel(kept.ctx, redemption.redemptionId)).toMatchObject({ returned: 100, grace: 0 })
  expect(await booksOf(kept.ctx, kept.memberId)).toMatchObject({ points: 200, standing: 1, taken: 1 })
  const pieces = await one
    .as()
    .db.rewardPiece.findMany({ where: { rewardId: reward.rewardId, memberId: { not: null } } })
  expect(pieces.map(({ memberId, pieceNo }) => [memberId, pieceNo])).toEqual([[kept.memberId, 2]])
  expect((await exchange(kept.ctx, reward)).redemption.pieceNo).toBe(1)
})
