import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { throws, whileTime } from '../../../test/support/dice'
import { expectLedgerHolds } from '../../../test/support/ledger'
import type { TestHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { undoneBeside } from '../merge/undo.fixture'
import type { UndoCharge } from '../merge/undo-merge'
import { Refusal } from '../refusal'
import {
  arrive,
  deedsOf,
  type Everything,
  newCircle,
  openEverything,
  openRoom,
  type Somebody,
} from './everything.fixture'

const database = testDatabase()
let till: Awaited<ReturnType<typeof openRoom>>
beforeAll(async () => {
  till = await openRoom(database.url)
})
afterAll(() => till.room.close())

const MINUTE = 60_000
const DAY = 86_400_000
/** How long after one another the mixes come: while holds live, after the friends' holding time, after the last pick-up day. */
const WAITS = [0, MINUTE, 3 * DAY, MINUTE, 9 * DAY]
const KINDS = [
  'buy',
  'buy',
  'hold',
  'hold',
  'settle',
  'settle',
  'release',
  'giveBack',
  'giveSome',
  'handOver',
  'checkIn',
  'exchange',
]
const MORE = [
  'exchange',
  'cancel',
  'open',
  'open',
  'claim',
  'earn',
  'payFriends',
  'endHolds',
  'makeReady',
  'endPickups',
]

const choice = fc.record({
  what: fc.constantFrom(...KINDS, ...MORE),
  who: fc.nat(7),
  nth: fc.nat(5),
})
const mix = fc.record({
  deeds: fc.array(choice, { minLength: 26, maxLength: 26 }),
  merges: fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 2 }),
  undos: fc.array(fc.tuple(fc.nat(3), fc.constantFrom('survivor' as const, 'programme' as const)), { maxLength: 2 }),
})
type Mix = typeof mix extends fc.Arbitrary<infer M> ? M : never

async function allAtOnce(all: Everything, people: Somebody[], { deeds: wished, merges, undos }: Mix): Promise<void> {
  const deeds = deedsOf(all)
  const works = wished.map(async ({ what, who, nth }, n) => deeds[what]?.(people[who] as Somebody, all.room.at(n), nth))
  // in the middle of everything
  works.splice(
    works.length / 2,
    0,
    ...merges.map(async ([one, other], n) => {
      const [dst, src] = [people[one]?.memberId as string, people[other]?.memberId as string]
      if (dst !== src) await all.room.merge(dst, src, all.room.at(n))
    }),
    ...undos.map(([back, charge], n) => takeBack(all, back, charge, all.room.at(n))),
  )
  for (const result of await Promise.allSettled(works))
    if (result.status === 'rejected' && !(result.reason instanceof Refusal)) throw result.reason
}

/** Takes back one of the merges there have been; some of them cannot be, and some already were. */
async function takeBack(all: Everything, back: number, charge: UndoCharge, on: TestHouse): Promise<void> {
  const latest = { orderBy: [{ at: 'desc' as const }, { mergeId: 'desc' as const }], skip: back }
  const merge = await all.prisma.mergeRecord.findFirst(latest)
  if (merge) await undoneBeside(on, merge.mergeId, charge)
}

test('whatever happens to some friends at once, on two processes, every promise holds', async () => {
  const rounds = fc.array(mix, { minLength: WAITS.length, maxLength: WAITS.length })
  await fc.assert(
    fc.asyncProperty(
      rounds,
      whileTime(15_000, async (mixes: Mix[]) => {
        const all = await openEverything(till)
        const people = await newCircle(all)
        for (const [n, one] of mixes.entries()) {
          till.one.clock.pass(WAITS[n] as number)
          for (const who of people) who.visit = await arrive(all, who.memberId)
          await allAtOnce(all, people, one)
          await expectLedgerHolds(till.prisma)
          await expectPromisesHold(till.prisma, till.one.clock.at)
        }
      }),
    ),
    { numRuns: throws(4), endOnFailure: true },
  )
})
