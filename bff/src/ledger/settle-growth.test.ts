import { monthsBefore } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newVisit } from '../../../test/support/people'
import { type Counter, openCounter } from '../order/counter.fixture'

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
})
afterEach(() => expectLedgerHolds(till.one.as().db))
afterAll(() => till.close())

test('a year of growth is read by its ids: what is older costs nothing', async () => {
  const { memberId } = await till.visited()
  const stay = await newVisit(till.one, { ctx: till.one.as(memberId) }, till.clerk)
  await till.pay(stay, 1_000)
  const rows = await till.one.as().db.$queryRawUnsafe<{ 'QUERY PLAN': string }[]>(
    `EXPLAIN SELECT * FROM transfer WHERE member_id = '${memberId}' AND unit = 'growth'
       AND transfer_id >= ledger_id_from('${monthsBefore(till.one.clock.at, 12).toISOString()}')`,
  )
  expect(rows.map((row) => row['QUERY PLAN']).join()).toMatch(/Index Cond: .*transfer_id >=/)
})
