import { testDatabase } from '../../../test/support/database'
import { expectLedgerProven } from '../../../test/support/ledger'
import { runSequences, seedOf } from './ledger-property-run.fixture'

const SEQUENCES = 200
jest.setTimeout(300_000)
const database = testDatabase()

/** What must have happened, or the dice have tested nothing. */
const HAPPENED = [
  ...['award answer', 'award again', 'buy answer', 'settle answer', 'merge answer', 'adjust answer', 'adjust again'],
  ...['spend answer', 'spend POINTS_SHORT', 'spend IN_DEBT', 'giveBack answer', 'takeBack answer', 'takeBack debt'],
  ...[
    'exchange answer',
    'exchange POINTS_SHORT',
    'exchange IN_DEBT',
    'cancel answer',
    'cancel grace',
    'returnOrder answer',
  ],
]

test('I-L1 to I-L5, I-M1, I-M2, I-R1: after any sequence the books are what some order of its steps makes on paper', async () => {
  const wish = seedOf(process.env)
  const { ends, sequences } = await runSequences(database.url, { count: SEQUENCES, ...wish })
  await expectLedgerProven(database.url)
  if (wish.path) return
  expect(sequences).toBe(SEQUENCES)
  expect(HAPPENED.filter((end) => !ends[end])).toEqual([])
})
