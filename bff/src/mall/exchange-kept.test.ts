import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Person, type TestHouse, testHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { merged, undone } from '../merge/undo.fixture'
import { newRightOf, usesOf } from '../right/right.fixture'
import { cancelRedemption } from './cancel-redemption'
import { exchange, newReward, saver, savers } from './mall.fixture'
import { showReward, showRewardInWindow } from './show-reward'

const PIECES = 30
const KEPT = 10

const database = testDatabase()
let one: TestHouse
let public_: Person[]
let holders: Person[]
beforeAll(async () => {
  one = testHouse(database.url, { connections: 48 })
  await one.warm()
  const all = await savers(one, 32, 1_000)
  public_ = all.slice(0, 20)
  holders = all.slice(20)
  const ids = holders.map(({ memberId }) => memberId)
  await one.as().db.standing.updateMany({ where: { memberId: { in: ids } }, data: { tier: 6 } })
})
afterEach(async () => {
  await expectLedgerHolds(one.as().db)
  await expectPromisesHold(one.as().db, one.clock.at)
})
afterAll(() => one.close())

const twice = <T>(all: T[]): T[] => [...all, ...all]

/** A reward of which some pieces are kept for black diamond members, each one a year. */
async function limited(wish: { numbered?: boolean; stockTotal?: number } = {}, piecesLeft = KEPT) {
  const reward = await newReward(one, { stockTotal: PIECES, ...wish })
  const { rewardId } = reward
  const black = { tierFrom: 6, quota: 1, period: 'year' as const }
  const rightId = await newRightOf(one, 'limited_edition', { rewardId }, black)
  const until = new Date(one.clock.at.getTime() + 3_600_000)
  await one.as().db.rightReserve.create({ data: { rightId, rewardId, piecesLeft, until } })
  const kept = async () => (await one.as().db.rightReserve.findUniqueOrThrow({ where: { rightId } })).piecesLeft
  return { ...reward, rightId, kept }
}
const black = async () => {
  const me = await saver(one)
  await one.as().db.standing.update({ where: { memberId: me.memberId }, data: { tier: 6 } })
  return me
}
const cancel = (who: Person, redemptionId: string) =>
  cancelRedemption(who.ctx, { requestId: randomUUID(), redemptionId })

test.each([
  ['slots', {}],
  ['numbered pieces', { numbered: true }],
])(
  '64 want one of 30 %s at once, 10 of them kept for who has the right: nobody takes those from them',
  async (_what, wish) => {
    const item = await limited(wish)
    // everybody else stands first in line
    const [others, mine] = await Promise.all([
      endsOf(twice(public_).map(({ ctx }) => exchange(ctx, item))),
      endsOf(twice(holders).map(({ ctx }) => exchange(ctx, item))),
    ])
    expect(Object.keys({ ...others, ...mine }).sort()).toEqual(['REWARD_GONE', 'answer'])
    expect((others.answer ?? 0) + (mine.answer ?? 0)).toBe(PIECES)
    expect(others.answer ?? 0).toBeLessThanOrEqual(PIECES - KEPT)
    expect(await item.kept()).toBe(0)
    const { db } = one.as()
    const used = await db.rightUse.aggregate({ where: { rightId: item.rightId }, _sum: { used: true } })
    expect(used._sum.used).toBe(KEPT)
    expect(await db.redemption.count({ where: { rewardId: item.rewardId, reserveRightId: item.rightId } })).toBe(KEPT)
  },
)

test('the page says how many are kept, for whom and until when; then they are everybody’s', async () => {
  const item = await limited({ stockTotal: 2 }, 2)
  const [me, other] = [await black(), await saver(one)]
  const kept = { title: '早享', pieces: 2, tier: 6, until: new Date(one.clock.at.getTime() + 3_600_000).toISOString() }
  expect((await showReward(me.ctx, item)).reward).toMatchObject({
    left: 2,
    kept: { ...kept, mine: true },
    refusal: null,
  })
  const gone = { left: 0, kept: { ...kept, mine: false } }
  expect((await showReward(other.ctx, item)).reward).toMatchObject({ ...gone, refusal: { code: 'REWARD_GONE' } })
  expect((await showRewardInWindow(one.as(), item)).reward).toMatchObject(gone)
  await refusalOf(exchange(other.ctx, item), 'REWARD_GONE')

  const { redemption } = await exchange(me.ctx, item)
  expect([await item.kept(), await usesOf(one, me.memberId, item.rightId)]).toEqual([1, { '2026': 1 }])
  // who has had theirs stands with everybody else
  expect((await showReward(me.ctx, item)).reward).toMatchObject({ left: 0, kept: { mine: false } })
  await refusalOf(exchange(me.ctx, item), 'REWARD_GONE')
  // what is taken back is kept again, and the right is whole
  await cancel(me, redemption.redemptionId)
  expect([await item.kept(), await usesOf(one, me.memberId, item.rightId)]).toEqual([2, { '2026': 0 }])
  await refusalOf(exchange(other.ctx, item), 'REWARD_GONE')

  one.clock.pass(3_600_000)
  expect((await showReward(other.ctx, item)).reward).toMatchObject({ left: 2, kept: null, refusal: null })
  await exchange(other.ctx, item)
})

test('two records have had one each; taken apart, one that was given back meanwhile does not count for its own', async () => {
  const item = await limited()
  const [kept, gone] = [await black(), await black()]
  const { redemption } = await exchange(gone.ctx, item)
  await exchange(kept.ctx, item)
  const mergeId = await merged(one, kept.memberId, gone.memberId)
  expect(await usesOf(one, kept.memberId, item.rightId)).toEqual({ '2026': 2 })
  await cancel(kept, redemption.redemptionId)
  expect([await item.kept(), await usesOf(one, kept.memberId, item.rightId)]).toEqual([KEPT - 1, { '2026': 1 }])
  await undone(one, mergeId)
  expect(await usesOf(one, kept.memberId, item.rightId)).toEqual({ '2026': 1 })
  expect(await usesOf(one, gone.memberId, item.rightId)).toEqual({ '2026': 0 })
  await exchange(gone.ctx, item)
})
