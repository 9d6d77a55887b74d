import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DOUBTS } from '@huiyuan/shared/risk'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { PROJECT } from '../../../test/support/project'
import { BLIND, GROUPS, planOf } from './fraud-plan.fixture'
import { type Ending, fraudWorld } from './fraud-world.fixture'

/** The same people again: FRAUD_SEED=…; more of each kind: FRAUD_SCALE=5. */
const seed = Number(process.env.FRAUD_SEED ?? randomInt(2 ** 31))
const scale = Number(process.env.FRAUD_SCALE ?? 1)
const DOCUMENT = join(PROJECT, 'docs', 'decisions', '0027-risk.md')

const database = testDatabase()
let world: ReturnType<typeof fraudWorld>
let ends: Ending[]
beforeAll(async () => {
  world = fraudWorld(database.url)
  await world.open()
  ends = await world.live(planOf(seed, scale))
}, 300_000 * scale)
afterAll(() => world.close())

const percent = (part: number, whole: number) => (whole === 0 ? '–' : `${Math.round((part / whole) * 100)} %`)
const row = (...cells: (string | number)[]) => `| ${cells.join(' | ')} |`
const heldHonest = () => ends.filter(({ who, looked }) => !who.farm && looked).length

/** A row of the table: precision is the share of farms among what is held of these and of all honest people. */
function countsOf(name: string, own: Ending[]): string {
  const held = own.filter(({ looked }) => looked)
  const farms = own.filter(({ who }) => who.farm)
  const right = held.filter(({ who }) => who.farm).length
  const paid = own.filter(({ state }) => state === 'released')
  const unheld = paid.filter(({ looked }) => !looked).length
  const judged = farms.length > 0 ? [percent(right, right + heldHonest()), percent(right, farms.length)] : ['–', '–']
  return row(name, own.length, held.length, unheld, paid.length - unheld, ...judged)
}

const groupTable = () =>
  [
    row('group', 'friends', 'held', 'paid unheld', 'paid on review', 'precision', 'recall'),
    '|---|--:|--:|--:|--:|--:|--:|',
    ...GROUPS.map(({ group }) =>
      countsOf(
        group,
        ends.filter(({ who }) => who.group === group),
      ),
    ),
    countsOf('**all**', ends),
  ].join('\n')

/** Each reason: of whom it was raised, be it one of several. */
const doubtTable = () =>
  [
    row('reason', 'of farms', 'of honest people', 'precision', 'recall'),
    '|---|--:|--:|--:|--:|',
    ...DOUBTS.map((doubt) => {
      const raised = ends.filter(({ doubts }) => doubts.includes(doubt))
      const right = raised.filter(({ who }) => who.farm).length
      const farms = ends.filter(({ who }) => who.farm).length
      return row(`\`${doubt}\``, right, raised.length - right, percent(right, raised.length), percent(right, farms))
    }),
  ].join('\n')

const ofGroups = (pick: (group: string, farm: boolean) => boolean) =>
  ends.filter(({ who }) => pick(who.group, who.farm)).map(({ who, state, looked }) => ({ key: who.key, state, looked }))
const all = (people: ReturnType<typeof ofGroups>, outcome: { state: string; looked: boolean }) => {
  expect(people.length).toBeGreaterThan(3)
  expect(people).toEqual(people.map(({ key }) => ({ key, ...outcome })))
}
const HELD_AND_PAID = ['family on one Wi-Fi', 'family with one phone', 'family where one pays', 'a party in one hour']

test('a campaign with farms, families and everybody else', async () => {
  process.stdout.write(`FRAUD_SEED=${seed} FRAUD_SCALE=${scale}\n\n${groupTable()}\n\n${doubtTable()}\n`)
  // nothing unheld is paid to a farm that shares anything, and nothing at all once somebody has looked
  all(
    ofGroups((group, farm) => farm && group !== BLIND),
    { state: 'refused', looked: true },
  )
  // whoever has nothing in common is paid without waiting for a person, also on a network that everybody uses
  all(
    ofGroups((group, farm) => !farm && !HELD_AND_PAID.includes(group)),
    { state: 'released', looked: false },
  )
  all(
    ofGroups((group) => HELD_AND_PAID.includes(group)),
    { state: 'released', looked: true },
  )
  // what shares nothing looks like friends: said here, so that it is said anew when it is no longer true
  all(
    ofGroups((group) => group === BLIND),
    { state: 'released', looked: false },
  )

  const inviters = new Set(ends.map(({ who }) => who.invitedBy ?? who))
  for (const inviter of inviters) {
    const paid = ends.filter(({ who, state }) => who.invitedBy === inviter && state === 'released').length
    expect([inviter.key, await world.pointsOf(inviter)]).toEqual([inviter.key, paid * 100])
  }
  await expectLedgerHolds(world.one.house.prisma)
})

test('the decision says what came of it', () => {
  if (scale === 1) expect(readFileSync(DOCUMENT, 'utf8')).toContain(groupTable())
})
