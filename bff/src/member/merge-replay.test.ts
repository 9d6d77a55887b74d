import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { inTx } from '../ctx'
import { adjust, twoOperators } from '../ledger/adjustment.fixture'
import { booksOf, exchange, newReward, saver } from '../mall/mall.fixture'
import { mergeMember } from '.'
import { account } from './member.fixture'

const database = testDatabase()
let one: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  await one.warm()
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => one.close())

// A phone whose answer was lost asks again with the same requestId; when its record was merged meanwhile it renews its
// tokens first and asks as the survivor.
describe('a command sent again after its sender was merged', () => {
  test('an exchange is not made twice', async () => {
    const [gone, kept] = [await saver(one, 1_000), await saver(one, 1_000)]
    const [reward, requestId] = [await newReward(one), randomUUID()]
    const first = await exchange(gone.ctx, reward, requestId)
    await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
    expect(await exchange(kept.ctx, reward, requestId)).toEqual(first)
    expect(await booksOf(kept.ctx, kept.memberId)).toMatchObject({ points: 1_900, standing: 1, taken: 1 })
  })

  test('also when it was under way while the merge waited', async () => {
    const reward = await newReward(one)
    for (let round = 0; round < 8; round++) {
      const [gone, kept, requestId] = [await saver(one, 1_000), await saver(one, 1_000), randomUUID()]
      const sent = exchange(gone.ctx, reward, requestId)
      await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
      const first = await sent
      expect((await exchange(kept.ctx, reward, requestId)).redemption).toEqual(first.redemption)
      expect(await booksOf(kept.ctx, kept.memberId)).toMatchObject({ points: 1_900, standing: 1, taken: 1 })
    }
  })

  test('an operator’s correction is not made twice, and after two merges neither', async () => {
    const [maker] = await twoOperators(one)
    const [member, requestId] = [await newMember(one), randomUUID()]
    await adjust(maker, member, 200, { requestId })
    let own = maker.memberId
    for (let merges = 0; merges < 2; merges++) {
      const again = await newMember(one)
      await inTx(one.as(), (tx) => mergeMember(tx, again.memberId, own))
      own = again.memberId
      await adjust({ ctx: one.as(own) }, member, 200, { requestId })
    }
    expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 200 })
  })
})
