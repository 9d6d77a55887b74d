import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { whileTime } from '../../../test/support/dice'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { Refusal } from '../refusal'
import { takeUp } from './obligation.fixture'
import { type Deed, deedsOf, newWorld, openCrew, type World } from './world.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
let crew: World['crew']
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
  crew = await openCrew(one)
})
afterAll(() => Promise.all([one.close(), other.close()]))

const HOUR = 3_600_000
/** How long after one another the rounds come: at once, the next day, the next week, after the end. */
const WAITS = [0, 0, 26 * HOUR, 0, 7 * 24 * HOUR, 14 * 24 * HOUR]

/** As often as they are named. */
const KINDS = (
  'accept buy buy buy giveBack count count count retract submit submit submit show show look checkIn ' +
  'decide decide decide decide appeal merge undo'
).split(' ') as Deed['what'][]

const deed = fc.record({
  what: fc.constantFrom(...KINDS),
  who: fc.nat(3),
  nth: fc.nat(29),
})
const round = fc.record({
  deeds: fc.array(deed, { minLength: 22, maxLength: 22 }),
  stop: fc.integer({ min: 0, max: 40 }),
})

async function allAtOnce(world: World, deeds: Deed[], stop: number): Promise<void> {
  const ways = deedsOf(world)
  const works = deeds.map(({ what, who, nth }, n) =>
    Promise.resolve(ways[what](world.people[who] as World['people'][0], world.at(n), nth)),
  )
  const stopped = world.duties[stop]
  if (stopped)
    works.push(
      one.as().db.obligation.update({
        where: { obligationId: stopped.obligationId },
        data: { stoppedAt: one.clock.at },
      }) as Promise<never>,
    )
  for (const result of await Promise.allSettled(works))
    if (result.status === 'rejected' && !(result.reason instanceof Refusal)) throw result.reason
}

/** Whoever has not yet takes everything up, as far as it can be: else most of the rest would have nothing to be about. */
async function everybodyAccepts({ people, duties }: World): Promise<void> {
  const wished = people.flatMap(({ memberId }) =>
    duties.map(({ obligationId }) => takeUp({ ctx: one.as(memberId) }, obligationId)),
  )
  for (const result of await Promise.allSettled(wished))
    if (result.status === 'rejected' && !(result.reason instanceof Refusal)) throw result.reason
}

/** Of these obligations: budgets, and what stands beside each other. */
async function expectWithinBudget({ duties }: World): Promise<void> {
  const { db } = one.as()
  for (const { obligationId } of duties) {
    const { spentPoints, budgetPoints } = await db.obligation.findUniqueOrThrow({ where: { obligationId } })
    const given = await db.obligationInstance.aggregate({ where: { obligationId }, _sum: { pointsGiven: true } })
    expect(spentPoints).toBeLessThanOrEqual(budgetPoints)
    expect(given._sum.pointsGiven ?? 0).toBeLessThanOrEqual(spentPoints)
  }
  const twice =
    await db.$queryRaw`SELECT source_id, part FROM effect WHERE kind = 'obligation' AND (part = 'award' OR part LIKE 'coupon:%')
    GROUP BY source_id, part HAVING count(*) > 1`
  expect(twice).toEqual([])
}

test('I-O1, I-O2: whatever is done, decided, taken back, merged and parted at once, on two houses, one reward an undertaking', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: WAITS.length, maxLength: WAITS.length }),
      whileTime(18_000, async (rounds: { deeds: Deed[]; stop: number }[]) => {
        const world = await newWorld(one, other, crew)
        for (const [n, { deeds, stop }] of rounds.entries()) {
          one.clock.pass(WAITS[n] as number)
          await everybodyAccepts(world)
          await allAtOnce(world, deeds, stop)
          await expectLedgerHolds(one.as().db)
          await expectPromisesHold(one.as().db, one.clock.at)
          await expectWithinBudget(world)
        }
      }),
    ),
    { numRuns: 6, endOnFailure: true },
  )
})
