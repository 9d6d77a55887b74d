import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, expectLedgerProven } from '../../../test/support/ledger'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { runStories } from './separate-story.fixture'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

/** What must have happened, or the dice have tested nothing. */
const HAPPENED = [
  ...['merged', 'as before', 'spent', 'cancelled', 'returned', 'undone points', 'undone growth', 'undone debtPoints'],
  ...['undone chargedPoints', 'undone expired', 'undone returned'],
]

test('I-ID2, I-ID4: whatever three records do, merged and taken apart, each has its own, and nothing in between changes nothing', async () => {
  const did = await runStories(one, process.env)
  await expectLedgerHolds(one.house.prisma)
  await expectLedgerProven(database.url)
  expect(HAPPENED.filter((what) => !did[what])).toEqual([])
}, 300_000)
