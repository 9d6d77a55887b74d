import { randomUUID } from 'node:crypto'
import { loadCodes } from '../../../prisma/seed/mall'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { cancelRedemption } from './cancel-redemption'
import { listRedemptions } from './list-redemptions'
import { listRewards } from './list-rewards'
import { booksOf, exchange, newReward, saver, savers } from './mall.fixture'
import { showRedemption } from './show-redemption'

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
})
afterAll(() => Promise.all([one.close(), other.close()]))

const at = (n: number, memberId: string) => (n % 2 ? one : other).as(memberId)
const someCodes = (count: number) => Array.from({ length: count }, () => `SG20-${randomUUID().slice(0, 8)}`)
const bookCodes = (codes: string[], more = {}) => newReward(one, { kind: 'partner_code', codes, ...more })

test('is there at once, opened for its owner only, and stays given', async () => {
  const [me, you] = [await saver(one), await saver(one)]
  const codes = someCodes(3)
  const { redemption } = await exchange(me.ctx, await bookCodes(codes))
  expect(redemption).toMatchObject({ kind: 'partner_code', state: 'done', partnerCode: codes[0], canCancel: false })
  expect(redemption).toMatchObject({ pickupCode: null, couponId: null, finishedAt: one.clock.at.toISOString() })
  expect((await listRedemptions(me.ctx, {})).redemptions).toEqual([redemption])
  const { redemptionId } = redemption
  expect((await showRedemption(me.ctx, { redemptionId })).redemption).toEqual(redemption)
  await refusalOf(showRedemption(you.ctx, { redemptionId }), 'NOT_FOUND')
  await refusalOf(cancelRedemption(me.ctx, { requestId: randomUUID(), redemptionId }), 'REDEMPTION_DONE')
  const shelf = (await listRewards(me.ctx)).rewards.find(({ rewardId }) => rewardId === redemption.rewardId)
  expect(shelf).toMatchObject({ left: 2, stockTotal: null })
})

test('I-M1, I-M2: 64 members for ten codes over two processes: ten, each another, the others are not charged', async () => {
  const [crowd, codes] = [await savers(one, 64), someCodes(10)]
  const reward = await bookCodes(codes)
  const given: (string | null)[] = []
  const ends = await endsOf(
    crowd.map(async ({ memberId }, n) => {
      const { redemption } = await exchange(at(n, memberId), reward)
      given.push(redemption.partnerCode)
    }),
  )
  expect(ends).toEqual({ answer: 10, REWARD_GONE: 54 })
  expect(given.sort()).toEqual([...codes].sort())
  const books = await Promise.all(crowd.map(({ ctx, memberId }) => booksOf(ctx, memberId)))
  expect(books.filter(({ points, standing }) => points === 900 && standing === 1)).toHaveLength(10)
  expect(books.filter(({ points, standing }) => points === 1_000 && standing === 0)).toHaveLength(54)
})

test('sent again it is the same code; in no table does it lie open', async () => {
  const [me, codes, requestId] = [await saver(one), someCodes(9), randomUUID()]
  const reward = await bookCodes(codes)
  const answers = await Promise.all(
    Array.from({ length: 64 }, (_, n) => exchange(at(n, me.memberId), reward, requestId)),
  )
  expect(new Set(answers.map(({ redemption }) => redemption.partnerCode)).size).toBe(1)
  const code = answers[0]?.redemption.partnerCode as string
  const tables = await one.as().db.$queryRaw<{ name: string }[]>`
    SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
  for (const { name } of tables) {
    const rows = await one.as().db.$queryRawUnsafe<unknown[]>(
      `SELECT 1 FROM "${name}" r WHERE strpos(r::text, '${code}') > 0 OR strpos(r::text, encode('${code}', 'hex')) > 0
        OR strpos(r::text, encode('${code}', 'base64')) > 0`,
    )
    expect({ name, rows }).toEqual({ name, rows: [] })
  }
})

test('goes along when its owner turns out to be somebody else', async () => {
  const [me, kept, codes] = [await saver(one), await saver(one), someCodes(2)]
  const reward = await bookCodes(codes)
  await exchange(me.ctx, reward)
  await exchange(kept.ctx, reward)
  await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, me.memberId))
  const { redemptions } = await listRedemptions(kept.ctx, {})
  expect(redemptions.map(({ partnerCode }) => partnerCode).sort()).toEqual([...codes].sort())
  await refusalOf(exchange(kept.ctx, reward), 'REWARD_GONE')
})

test('a list that is loaded twice, also at once, is there once; another one goes on behind it', async () => {
  const [codes, more] = [someCodes(20), someCodes(5)]
  const { rewardId } = await bookCodes([])
  const loads = await Promise.all([one, other, one].map((test) => loadCodes(test.as(), rewardId, codes)))
  expect(loads.sort((a, b) => a - b)).toEqual([0, 0, 20])
  expect(await loadCodes(one.as(), rewardId, [...codes, ...more])).toBe(5)
  const rows = await one.as().db.rewardCode.findMany({ where: { rewardId }, orderBy: { codeNo: 'asc' } })
  expect(rows.map(({ sealed }) => one.house.keys.openText(sealed))).toEqual([...codes, ...more])
})

test('the database refuses a stock beside the codes, and one code for two exchanges', async () => {
  const [me, codes] = [await saver(one), someCodes(2)]
  await expect(bookCodes(codes, { stockTotal: 5 })).rejects.toThrow(/reward_kind/)
  const { redemption } = await exchange(me.ctx, await bookCodes(codes))
  const { rewardId, redemptionId } = redemption
  const second = one.as().db.rewardCode.update({
    where: { rewardId_codeNo: { rewardId, codeNo: 2 } },
    data: { memberId: me.memberId, redemptionId },
  })
  await expect(second).rejects.toThrow()
})
