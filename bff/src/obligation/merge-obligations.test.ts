import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import {
  type Colleague,
  newMember,
  newStaff,
  newVisit,
  type Person,
  type TestHouse,
  testHouse,
} from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { listHonours } from '../honour/list-honours'
import { mergeMember } from '../member'
import { acceptObligation } from './accept-obligation'
import { checkIn, comeAndCheckIn, newObligation } from './obligation.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
let clerk: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
  clerk = await newStaff(one)
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => Promise.all([one.close(), other.close()]))

const merge = (kept: Person, gone: Person) => inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
const statesOf = async (memberId: string) =>
  (await one.as().db.obligationInstance.findMany({ where: { memberId }, orderBy: { instanceId: 'asc' } }))
    .map(({ state, progress }) => `${state} ${progress}`)
    .sort()
const pair = async () => [await newMember(one), await newMember(one)] as const

test('what only one of two records had goes along, with its proofs', async () => {
  const { obligationId } = await newObligation(one, { target: 2 })
  const [kept, gone] = await pair()
  await comeAndCheckIn(one, clerk, gone, obligationId)
  await merge(kept, gone)
  expect(await statesOf(kept.memberId)).toEqual(['in_progress 1'])
  expect(await one.as().db.obligationProof.count({ where: { memberId: kept.memberId } })).toBe(1)
  expect(await comeAndCheckIn(one, clerk, kept, obligationId)).toMatchObject({ progress: 2, rewarded: { points: 50 } })
})

test('of two the one further along stays, from whichever side it comes', async () => {
  const { obligationId } = await newObligation(one, { target: 3 })
  for (const swapped of [false, true]) {
    const [far, near] = await pair()
    for (let step = 0; step < 2; step++) await comeAndCheckIn(one, clerk, far, obligationId)
    await acceptObligation(near.ctx, { requestId: randomUUID(), obligationId })
    const [kept, gone] = swapped ? [near, far] : [far, near]
    await merge(kept, gone)
    expect(await statesOf(kept.memberId)).toEqual(['in_progress 2', 'superseded 0'])
    expect(await statesOf(gone.memberId)).toEqual([])
  }
})

test('equal ones leave one', async () => {
  const { obligationId } = await newObligation(one, { target: 3 })
  const [kept, gone] = await pair()
  for (const { ctx } of [kept, gone]) await acceptObligation(ctx, { requestId: randomUUID(), obligationId })
  await merge(kept, gone)
  expect(await statesOf(kept.memberId)).toEqual(['accepted 0', 'superseded 0'])
})

test('I-O1: who was rewarded on one record is not rewarded again on the other', async () => {
  const { obligationId } = await newObligation(one, { target: 2, honour: { name: '惜杯人', termMonths: 12 } })
  const [kept, gone] = await pair()
  for (let step = 0; step < 2; step++) await comeAndCheckIn(one, clerk, gone, obligationId)
  await comeAndCheckIn(one, clerk, kept, obligationId)
  await merge(kept, gone)
  expect(await statesOf(kept.memberId)).toEqual(['rewarded 2', 'superseded 1'])
  await refusalOf(comeAndCheckIn(one, clerk, kept, obligationId), 'OBLIGATION_DONE')
  expect((await one.as().db.account.findUniqueOrThrow({ where: { memberId: kept.memberId } })).availablePoints).toBe(50)
  expect((await listHonours(kept.ctx)).honours.filter(({ state }) => state === 'worn')).toHaveLength(1)
})

test('a merge is no way around the cooldown', async () => {
  const { obligationId } = await newObligation(one, { target: 5, cooldownHours: 20 })
  const [kept, gone] = await pair()
  await comeAndCheckIn(one, clerk, kept, obligationId)
  one.clock.pass(20 * 3_600_000)
  await comeAndCheckIn(one, clerk, kept, obligationId)
  one.clock.pass(10 * 3_600_000)
  await comeAndCheckIn(one, clerk, gone, obligationId)
  await merge(kept, gone)
  expect(await statesOf(kept.memberId)).toEqual(['in_progress 2', 'superseded 1'])
  one.clock.pass(10 * 3_600_000)
  await refusalOf(comeAndCheckIn(one, clerk, kept, obligationId), 'CHECKIN_TOO_SOON')
})

test('honours are joined, each for its longer term', async () => {
  const { honourId } = await newObligation(one, { honour: { name: '惜杯人', termMonths: 12 } })
  const [kept, gone] = await pair()
  const { db } = one.as()
  const until = (days: number) => new Date(one.clock.at.getTime() + days * DAY_MS)
  const own = { honourId: honourId as string, grantedAt: one.clock.at }
  const forEver = {
    ...own,
    honourId: (await newObligation(one, { honour: { name: '知茶人', termMonths: null } })).honourId as string,
  }
  await db.honourHeld.createMany({
    data: [
      { ...own, memberId: kept.memberId, expiresAt: until(10) },
      { ...own, memberId: gone.memberId, expiresAt: until(90) },
      { ...forEver, memberId: kept.memberId, expiresAt: until(5) },
      { ...forEver, memberId: gone.memberId, expiresAt: null },
    ],
  })
  await merge(kept, gone)
  const held = await db.honourHeld.findMany({ where: { memberId: kept.memberId } })
  expect(new Map(held.map((one) => [one.honourId, one.expiresAt]))).toEqual(
    new Map([
      [own.honourId, until(90)],
      [forEver.honourId, null],
    ]),
  )
  expect(await db.honourHeld.count({ where: { memberId: gone.memberId } })).toBe(0)
})

test('I-O1: last steps of both records beside their merge, over two houses: one reward for the person', async () => {
  for (let round = 0; round < 6; round++) {
    const { obligationId } = await newObligation(one)
    const [kept, gone] = await pair()
    const visits = await Promise.all([gone, gone, gone, gone].map((person) => newVisit(one, person, clerk)))
    const steps = visits.flatMap((visit) => [one, other].map((house) => checkIn(house, clerk, visit, obligationId)))
    const [ends] = await Promise.all([endsOf(steps), merge(kept, gone)])
    expect(ends.answer).toBe(1)
    expect(await statesOf(kept.memberId)).toEqual(['rewarded 1'])
    const { availablePoints } = await one.as().db.account.findUniqueOrThrow({ where: { memberId: kept.memberId } })
    expect(availablePoints).toBe(50)
  }
})
