import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Person, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { type Ctx, inTx } from '../ctx'
import { Refusal } from '../refusal'
import { exchange, newReward, savers } from './mall.fixture'

const BUYERS = 96
const PIECES = 40

const database = testDatabase()
let one: TestHouse
let buyers: Person[]
beforeAll(async () => {
  one = testHouse(database.url, { connections: 64 })
  await one.warm()
  buyers = await savers(one, BUYERS, 1_000)
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => one.close())

/** Counts what a lock was in the way of; the verb would try again and hide it. */
function counting(ctx: Ctx, lockTrouble: string[]): Ctx {
  const sql: Ctx['sql'] = async (fn, args) => {
    try {
      return await ctx.sql(fn, args)
    } catch (error) {
      if (error instanceof Refusal && error.fault.code === 'BUSY') lockTrouble.push(fn)
      throw error
    }
  }
  return { ...ctx, sql }
}

// a slot or piece that went while somebody looked at it stays locked until they end; who waited then could wait in a circle
test.each([
  ['slots', { slots: 16 }],
  ['numbered pieces', { numbered: true }],
])('the last of many %s go to as many as there are, and nobody waits in a circle', async (_what, wish) => {
  for (let round = 0; round < 3; round++) {
    const reward = await newReward(one, { rewardId: `r-${randomUUID().slice(0, 20)}`, stockTotal: PIECES, ...wish })
    const lockTrouble: string[] = []
    const ends = await Promise.allSettled(buyers.map(({ ctx }) => exchange(counting(ctx, lockTrouble), reward)))
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(PIECES)
    expect(ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.message] : []))).toEqual(
      Array.from({ length: BUYERS - PIECES }, () => 'REWARD_GONE'),
    )
    expect(lockTrouble).toEqual([])
  }
})

// a server that vanished in the middle holds its piece until the database notices, which can be long
test('a piece that somebody holds for ever is asked for a few seconds only, and can be had when it is free again', async () => {
  const reward = await newReward(one, { stockTotal: 1, slots: 1 })
  const [first, second] = buyers as [Person, Person]
  const held = inTx(one.as(), async (tx) => {
    await tx.db.$queryRaw`SELECT 1 AS held FROM reward_stock WHERE reward_id = ${reward.rewardId} FOR UPDATE`
    await refusalOf(exchange(first.ctx, reward), 'BUSY')
  })
  await held
  await exchange(second.ctx, reward)
})
