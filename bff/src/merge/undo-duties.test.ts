import { randomInt, randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import {
  type Colleague,
  newMember,
  newStaff,
  type Person,
  type TestHouse,
  testHouse,
} from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { acceptObligation } from '../obligation/accept-obligation'
import {
  approve,
  buy,
  caseOf,
  comeAndCheckIn,
  giveBack,
  handIn,
  newCounted,
  newHandIn,
  newObligation,
  reject,
  takeUp,
} from '../obligation/obligation.fixture'
import { snapshotOf } from './before-after.fixture'
import { merged, operatorOf, undone } from './undo.fixture'

const database = testDatabase()
let one: TestHouse
let clerk: Colleague
let manager: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  await one.warm()
  clerk = await newStaff(one)
  manager = await newStaff(one, { role: 'manager', shop: clerk })
})
afterEach(async () => {
  await expectLedgerHolds(one.house.prisma)
  await expectPromisesHold(one.house.prisma, one.clock.at)
})
afterAll(() => one.close())

const pair = async () => [await newMember(one), await newMember(one)] as const
const merge = (survivor: Person, other: Person) => merged(one, survivor.memberId, other.memberId)
const step = (person: Person, obligationId: string) => comeAndCheckIn(one, clerk, person, obligationId)
const steps = async (person: Person, obligationId: string, count: number) => {
  for (let n = 0; n < count; n++) await step(person, obligationId)
}
/** State, progress and confirmed steps of what stands. */
const dutyOf = async ({ memberId }: Person, obligationId: string) => {
  const held = await one.house.prisma.obligationInstance.findFirst({
    where: { memberId, obligationId, state: { not: 'superseded' } },
  })
  const proofs = { memberId, instanceId: held?.instanceId ?? randomUUID() }
  return held && [held.state, held.progress, await one.house.prisma.obligationProof.count({ where: proofs })]
}
const honoursOf = async ({ memberId }: Person) =>
  (await one.house.prisma.honourHeld.findMany({ where: { memberId } })).map(({ expiresAt }) => expiresAt)

test('I-ID4: undertakings and honours of three records are as they were after two merges and their undo', async () => {
  const duties = [
    await newObligation(one, { target: 1, honour: { name: '惜杯人', termMonths: 12 } }),
    await newObligation(one, { target: 3, budgetPoints: 70 }),
    await newObligation(one, { target: 2, honour: { name: '知茶人', termMonths: null }, rewardPoints: 0 }),
  ]
  const counted = await newCounted(one, { target: 2, period: 'weekly' })
  const handed = await newHandIn(one, { target: 2, period: 'daily' })
  for (let round = 0; round < 4; round++) {
    const all = [await newMember(one), await newMember(one), await newMember(one)] as [Person, Person, Person]
    for (const { obligationId, target } of duties)
      for (const person of all) {
        one.clock.pass(60_000)
        if (randomInt(3) === 0) await acceptObligation(person.ctx, { requestId: randomUUID(), obligationId })
        else await steps(person, obligationId, randomInt(target + 1))
      }
    for (const person of all) {
      for (const { obligationId } of [counted, handed]) await takeUp(person, obligationId)
      for (let n = randomInt(4); n > 0; n--) {
        const orderId = await buy(one, clerk, person.memberId)
        if (randomInt(3) === 0) await giveBack(one, manager, person.memberId, orderId)
      }
      const words = [async () => {}, approve, reject]
      for (let n = randomInt(3); n > 0; n--) {
        await handIn(person.ctx, handed.obligationId).catch(() => {})
        await words[randomInt(3)]?.((await operatorOf(one)).ctx, await caseOf(one, person)).catch(() => {})
      }
    }
    const ids = all.map(({ memberId }) => memberId)
    const before = await snapshotOf(one.house.prisma, ids)
    const first = await merge(all[1], all[2])
    const between = await snapshotOf(one.house.prisma, ids)
    const second = await merge(all[0], all[1])
    await expectPromisesHold(one.house.prisma, one.clock.at)
    await undone(one, second)
    expect(await snapshotOf(one.house.prisma, ids)).toEqual(between)
    await undone(one, first)
    expect(await snapshotOf(one.house.prisma, ids)).toEqual(before)
  }
})

test('the survivor went on with what was the other’s: the steps since stay, the other has what it had', async () => {
  const { obligationId } = await newObligation(one, { target: 5 })
  const lone = await newObligation(one, { target: 5 })
  const [survivor, other] = await pair()
  await steps(survivor, obligationId, 1)
  await steps(other, obligationId, 2)
  await steps(other, lone.obligationId, 1)
  const mergeId = await merge(survivor, other)
  await steps(survivor, obligationId, 2)
  await steps(survivor, lone.obligationId, 1)
  const { restored } = await undone(one, mergeId)
  expect(restored).toContainEqual({ kind: 'obligation_superseded', title: '带自己的杯子', progress: 1 })
  expect(await dutyOf(survivor, obligationId)).toEqual(['in_progress', 3, 3])
  expect(await dutyOf(other, obligationId)).toEqual(['in_progress', 2, 2])
  expect(await dutyOf(survivor, lone.obligationId)).toEqual(['in_progress', 1, 1])
  expect(await dutyOf(other, lone.obligationId)).toEqual(['in_progress', 1, 1])
})

test('I-O1: one that was finished since stays the survivor’s, with its honour; the other goes on and is thanked, too', async () => {
  const { obligationId } = await newObligation(one, { target: 2, honour: { name: '惜杯人', termMonths: 12 } })
  const [survivor, other] = await pair()
  await steps(other, obligationId, 1)
  const mergeId = await merge(survivor, other)
  one.clock.pass(DAY_MS)
  expect(await step(survivor, obligationId)).toMatchObject({ rewarded: { points: 50 } })
  await undone(one, mergeId)
  expect(await dutyOf(survivor, obligationId)).toEqual(['rewarded', 2, 1])
  expect(await dutyOf(other, obligationId)).toEqual(['in_progress', 1, 1])
  expect([(await honoursOf(survivor)).length, (await honoursOf(other)).length]).toEqual([1, 0])
  expect(await step(other, obligationId)).toMatchObject({ progress: 2, rewarded: { points: 50 } })
  for (const { memberId } of [survivor, other])
    expect((await one.house.prisma.account.findUniqueOrThrow({ where: { memberId } })).availablePoints).toBe(50)
})

test('an honour of both that the survivor earned again since keeps its longer term; the other’s is as it was', async () => {
  const honour = { name: '惜杯人', termMonths: 12 }
  const { obligationId, honourId } = await newObligation(one, { target: 1, honour })
  const again = await newObligation(one, { target: 1, honourId })
  const [survivor, other] = await pair()
  for (const person of [survivor, other]) await step(person, obligationId)
  const until = await honoursOf(other)
  const mergeId = await merge(survivor, other)
  one.clock.pass(40 * DAY_MS)
  await step(survivor, again.obligationId)
  const longer = await honoursOf(survivor)
  await undone(one, mergeId)
  expect([await honoursOf(survivor), await honoursOf(other)]).toEqual([longer, until])
  expect(longer).not.toEqual(until)
})

test('what was handed in, decided and taken back while two were one is each one’s own, and as it is by now', async () => {
  const [open, done] = [await newHandIn(one), await newCounted(one, { target: 1 })]
  const [survivor, other] = await pair()
  const boss = (await operatorOf(one)).ctx
  for (const person of [survivor, other])
    for (const { obligationId } of [open, done]) await takeUp(person, obligationId)
  await handIn(other.ctx, open.obligationId)
  const orderId = await buy(one, clerk, other.memberId)
  await buy(one, clerk, survivor.memberId)
  const theirs = await caseOf(one, other)
  const mergeId = await merge(survivor, other)
  // the one further along is the other's: it is turned down, and the survivor hands in anew
  await reject(boss, theirs)
  one.clock.pass(1_000)
  await handIn(one.as(survivor.memberId), open.obligationId)
  // both had been thanked for a purchase: one of them goes back
  await giveBack(one, manager, survivor.memberId, orderId)
  await undone(one, mergeId)
  expect([await dutyOf(survivor, open.obligationId), await dutyOf(other, open.obligationId)]).toEqual([
    ['submitted', 0, 0],
    ['rejected', 0, 0],
  ])
  expect([await dutyOf(survivor, done.obligationId), await dutyOf(other, done.obligationId)]).toEqual([
    ['rewarded', 1, 1],
    ['clawed_back', 0, 1],
  ])
  expect(await approve(boss, await caseOf(one, survivor))).toMatchObject({ state: 'rewarded' })
})
