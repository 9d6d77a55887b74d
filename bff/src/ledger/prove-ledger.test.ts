import { randomUUID } from 'node:crypto'
import { runOnce } from '@huiyuan/prisma/database/databases'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { award } from '../member/member.fixture'
import { Refusal } from '../refusal'
import { type Proof, proveLedger } from './prove-ledger'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  await one.warm()
})
afterAll(() => one.close())

const newId = async () => (await newMember(one)).memberId
const differenceNow = async () => (await proveLedger(database.url)).difference
/** Refused or not, the books must hold; anything else is a fault of the test. */
const tried = (work: Promise<unknown>) =>
  work.catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error
  })

/** Everything that moves points and growth, on the members of one sequence. */
class Life {
  members: string[] = []
  awards: { memberId: string; sourceId: string; points: number }[] = []
  spends: { memberId: string; sourceId: string }[] = []

  async award(who: number, points: number, activeInDays: number, expiresInDays: number): Promise<void> {
    const memberId = this.#member(who)
    const sourceId = randomUUID()
    this.awards.push({ memberId, sourceId, points })
    await tried(
      award(one, memberId, {
        points,
        growth: points,
        sourceId,
        activeInDays,
        expiresInDays: activeInDays + expiresInDays,
      }),
    )
  }

  async spend(who: number, points: number): Promise<void> {
    const memberId = this.#member(who)
    const sourceId = randomUUID()
    this.spends.push({ memberId, sourceId })
    await this.#call('ledger_spend', { memberId, sourceId, points, reason: 'exchange' })
  }

  async giveBack(n: number): Promise<void> {
    const spend = this.spends.at(n % Math.max(1, this.spends.length))
    if (!spend) return
    const graceUntil = new Date(one.clock.at.getTime() + 30 * DAY)
    await this.#call('ledger_return_spend', { ...spend, graceUntil, reason: 'exchange_returned' })
  }

  async takeBack(n: number): Promise<void> {
    const source = this.awards.at(n % Math.max(1, this.awards.length))
    if (!source) return
    const more = { growth: source.points, earnedAt: one.clock.at, reason: 'purchase_returned' }
    await this.#call('ledger_take_back', { ...source, ...more })
  }

  async settle(who: number): Promise<void> {
    const memberId = this.#member(who)
    await this.#call('ledger_settle_lots', { memberId })
    await this.#call('ledger_settle_growth', { memberId, from: new Date(one.clock.at.getTime() - 20 * DAY) })
  }

  /** The one goes on, the other's rows move to it; a new person takes the empty place. */
  async merge(who: number, other: number): Promise<void> {
    const [kept, gone] = [this.#member(who), this.#member(other)]
    if (kept === gone) return
    await tried(inTx(one.as(), (tx) => mergeMember(tx, kept, gone)))
    this.members[this.members.indexOf(gone)] = await newId()
    this.awards = this.awards.map((row) => (row.memberId === gone ? { ...row, memberId: kept } : row))
    this.spends = this.spends.map((row) => (row.memberId === gone ? { ...row, memberId: kept } : row))
  }

  #member(n: number): string {
    return this.members[n % this.members.length] as string
  }

  async #call(fn: string, call: object): Promise<void> {
    await tried(one.house.sql(fn, { at: one.clock.at, kind: 'test', detail: {}, ...call }))
  }
}

const who = fc.integer({ min: 0, max: 2 })
const points = fc.integer({ min: 1, max: 60 })
const days = (max: number) => fc.integer({ min: 1, max })
const step: fc.Arbitrary<(life: Life) => Promise<void>> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(who, points, fc.integer({ min: 0, max: 3 }), days(9))
      .map((p) => (life: Life) => life.award(...p)),
  },
  { weight: 4, arbitrary: fc.tuple(who, points).map((p) => (life: Life) => life.spend(...p)) },
  { weight: 3, arbitrary: fc.nat(9).map((n) => (life: Life) => life.giveBack(n)) },
  { weight: 2, arbitrary: fc.nat(9).map((n) => (life: Life) => life.takeBack(n)) },
  { weight: 3, arbitrary: who.map((n) => (life: Life) => life.settle(n)) },
  { weight: 2, arbitrary: fc.tuple(who, who).map((p) => (life: Life) => life.merge(...p)) },
  { weight: 4, arbitrary: days(5).map((n) => async () => one.clock.pass(n * DAY)) },
)

test('agrees after any sequence of earning, spending, maturing, expiring, giving back, taking back and merging', async () => {
  let transfers = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const life = new Life()
      life.members = [await newId(), await newId(), await newId()]
      for (const run of steps) await run(life)
      const proof = await proveLedger(database.url)
      expect(proof.difference).toBeNull()
      transfers = proof.transfers
    }),
    { numRuns: 25 },
  )
  expect(transfers).toBe(await one.house.prisma.transfer.count())
  expect(transfers).toBeGreaterThan(100)
})

test('a merge first brings the lots up to date: what was due moves as what it is', async () => {
  const [kept, gone] = [await newId(), await newId()]
  await award(one, gone, { points: 30, activeInDays: 2 })
  await award(one, gone, { points: 20, expiresInDays: 3 })
  one.clock.pass(5 * DAY)
  await inTx(one.as(), (tx) => mergeMember(tx, kept, gone))
  const { availablePoints, pendingPoints } = await one.house.prisma.account.findUniqueOrThrow({
    where: { memberId: kept },
  })
  expect({ availablePoints, pendingPoints }).toEqual({ availablePoints: 30, pendingPoints: 0 })
  expect(await differenceNow()).toBeNull()
})

test('points that come back too late end when they come back, not before', async () => {
  const memberId = await newId()
  await award(one, memberId, { points: 100, expiresInDays: 5 })
  const life = new Life()
  life.members = [memberId]
  await life.spend(0, 60)
  await life.spend(0, 40)
  one.clock.pass(6 * DAY)
  await life.giveBack(0)
  await life.giveBack(1)
  const ended = await one.house.prisma.transfer.findMany({ where: { memberId, reason: 'expired' } })
  expect(ended).toMatchObject([{ amount: 40, at: one.clock.at }])
  expect(await differenceNow()).toBeNull()
})

test('beside eight writers at work each proof sees one instant, in which all agrees', async () => {
  const members = await Promise.all(Array.from({ length: 4 }, newId))
  let working = true
  const writer = async (n: number) => {
    const life = new Life()
    life.members = members
    for (let turn = n; working; turn++) {
      await life.award(turn, 9, turn % 2, 30)
      await life.spend(turn + 1, 5)
      await life.giveBack(turn)
    }
    return life.awards.length
  }
  const writers = Array.from({ length: 8 }, (_, n) => writer(n))
  const proofs: Proof[] = []
  const instants = () => new Set(proofs.map(({ transfers }) => transfers)).size
  // at several instants, however slowly the writers write
  while (proofs.length < 8 || instants() < 5) proofs.push(await proveLedger(database.url))
  working = false
  await Promise.all(writers)
  expect(proofs.map(({ difference }) => difference)).toEqual(proofs.map(() => null))
})

describe('books that were tampered with', () => {
  const BOOKS = ['account', 'lot', 'transfer']
  let first: string
  let second: string
  const run = (sql: string, ...values: unknown[]) => runOnce(database.url, sql, values)
  const put = (memberId: string, from: string, to: string, amount: number, lotId: string | null, at = one.clock.at) =>
    run(
      `INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
       VALUES ($1, uuid_v7($6), 'points', $2, $3, $4, 'opening', '{}', $5, $6)`,
      ...[memberId, from, to, amount, lotId, at],
    )
  const lotOf = async (memberId: string) =>
    (await run('SELECT lot_id FROM lot WHERE member_id = $1', memberId)).rows[0].lot_id

  beforeAll(async () => {
    for (const table of BOOKS) await run(`CREATE TABLE was_${table} AS TABLE ${table}`)
  })
  beforeEach(async () => {
    for (const table of BOOKS) await run(`TRUNCATE ${table}`)
    const ids = [await newId(), await newId()].sort() as [string, string]
    for (const memberId of ids) await award(one, memberId, { points: 68, growth: 68 })
    ;[first, second] = ids
  })
  afterAll(async () => {
    for (const table of BOOKS) await run(`TRUNCATE ${table}`)
    for (const table of BOOKS) await run(`INSERT INTO ${table} SELECT * FROM was_${table}`)
    for (const table of BOOKS) await run(`DROP TABLE was_${table}`)
  })

  test.each([
    [
      'an account',
      'UPDATE account SET available_points = 69 WHERE member_id = $1',
      /^available: stored 69, replayed 68$/,
    ],
    ['growth', 'UPDATE account SET growth = 67 WHERE member_id = $1', /^growth: stored 67, replayed 68$/],
    [
      'a lot',
      'UPDATE lot SET remaining = 67 WHERE member_id = $1',
      /^lot .*: stored 67 active, replayed 0 pending and 68 active$/,
    ],
    ['a lot’s state', "UPDATE lot SET state = 'pending' WHERE member_id = $1", /^lot .*: stored 68 pending, replayed/],
    [
      'a lot’s beginning',
      'UPDATE lot SET earned = 100 WHERE member_id = $1',
      /^lot .*: stored 100 earned, replayed 68$/,
    ],
    ['a lot that is gone', 'DELETE FROM lot WHERE member_id = $1', /^lot .*: named by transfers, but not there$/],
    ['an account that is gone', 'DELETE FROM account WHERE member_id = $1', /no account/],
  ])('%s: the member and how is named, the first of several', async (_what, sql, words) => {
    await run(sql, second)
    expect(await proveLedger(database.url)).toMatchObject({
      differing: 1,
      difference: { memberId: second, words: expect.stringMatching(words) },
    })
    await run(sql, first)
    expect(await proveLedger(database.url)).toMatchObject({ members: 2, differing: 2, difference: { memberId: first } })
  })

  test('a transfer of somebody without an account, and a lot without anything', async () => {
    const stranger = randomUUID()
    await put(stranger, 'programme:issued', 'member:available', 5, null)
    expect(await differenceNow()).toEqual({ memberId: stranger, words: expect.stringMatching(/no account/) })
    await run('DELETE FROM account WHERE member_id = $1', second)
    await run('ALTER TABLE transfer DISABLE TRIGGER USER')
    await run('DELETE FROM transfer WHERE member_id <> $1', first)
    await run('ALTER TABLE transfer ENABLE TRIGGER USER')
    expect(await differenceNow()).toEqual({ memberId: second, words: expect.stringMatching(/no account/) })
  })

  test('I-L1: points that arrive without having left anybody', async () => {
    await put(first, 'programme:moved', 'member:available', 7, await lotOf(first))
    await put(first, 'member:available', 'programme:spent', 7, await lotOf(first))
    expect(await differenceNow()).toEqual({
      memberId: null,
      words: expect.stringMatching(/^programme:moved holds -7 points/),
    })
  })

  test('I-L3: points spent before they were there, though the end is right', async () => {
    const lot = await lotOf(first)
    await put(first, 'member:available', 'programme:spent', 8, lot, new Date(one.clock.at.getTime() - DAY))
    await run('UPDATE account SET available_points = 60 WHERE member_id = $1', first)
    await run('UPDATE lot SET remaining = 60 WHERE member_id = $1', first)
    expect(await differenceNow()).toEqual({ memberId: first, words: expect.stringMatching(/^available is -8 at /) })
  })
})

test('a database without books is a fault, not a proof', async () => {
  const elsewhere = new URL(database.url)
  elsewhere.pathname = '/postgres'
  await expect(proveLedger(elsewhere.href)).rejects.toThrow(/does not exist/)
})
