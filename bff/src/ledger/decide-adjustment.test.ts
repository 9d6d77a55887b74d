import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, expectLedgerProven } from '../../../test/support/ledger'
import { type Colleague, newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { account, award, times } from '../member/member.fixture'
import { merged, undone } from '../merge/undo.fixture'
import { adjust, decide, twoOperators } from './adjustment.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
let maker: Colleague
let checker: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
beforeEach(async () => {
  ;[maker, checker] = await twoOperators(one)
})
afterEach(() => expectLedgerHolds(one.house.prisma))
afterAll(async () => {
  await expectLedgerProven(database.url)
  await Promise.all([one.close(), other.close()])
})

const at = (n: number, { memberId }: Colleague) => ({ ctx: (n % 2 ? one : other).as(memberId) })
/** A correction above the limit, and whose points it is about. */
async function waiting(points = 800) {
  const member = await newMember(one)
  const { adjustmentId, state } = await adjust(maker, member, points, { reason: 'outage' })
  expect(state).toBe('waiting')
  return { member, adjustmentId }
}

test('a second operator agrees: then the points move, with the day of the decision', async () => {
  const { member, adjustmentId } = await waiting()
  one.clock.pass(3_600_000)
  const shown = await decide(checker, adjustmentId, true, { note: '核对过了' })
  expect(shown).toMatchObject({
    state: 'done',
    points: 800,
    decidedAt: one.clock.at.toISOString(),
    decisionNote: '核对过了',
    mine: false,
    debtPoints: 0,
  })
  expect(shown.decidedBy).not.toBe(shown.proposedBy)
  expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 800 })
  expect(await one.house.prisma.adjustmentDay.count({ where: { staffId: maker.memberId } })).toBe(0)
  expect(
    (await one.house.prisma.auditEntry.findMany({ where: { storeId: maker.storeId }, orderBy: { seq: 'asc' } })).map(
      ({ verb, subject, actorId }) => [verb, subject, actorId],
    ),
  ).toEqual([
    ['ledger.adjust', adjustmentId, maker.memberId],
    ['ledger.decide', adjustmentId, checker.memberId],
  ])
})

test('a second operator does not agree: nothing moves, ever', async () => {
  const { member, adjustmentId } = await waiting()
  expect(await decide(checker, adjustmentId, false, { note: '没有依据' })).toMatchObject({
    state: 'refused',
    decisionNote: '没有依据',
  })
  await refusalOf(decide(checker, adjustmentId), 'ADJUSTMENT_DONE')
  expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 0 })
})

test('fewer than there are when it is decided: the rest is owed', async () => {
  const { member, adjustmentId } = await waiting(-600)
  await award(one, member.memberId, { points: 450 })
  expect(await decide(checker, adjustmentId)).toMatchObject({ debtPoints: 150 })
  expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 150 })
})

test('64 decisions at once over two processes: one effect; the proposer’s own never count', async () => {
  const third = await newStaff(one, { role: 'operator' })
  const { member, adjustmentId } = await waiting()
  const who = [checker, third, maker]
  const ends = await endsOf(times(96, (n) => decide(at(n, who[n % 3] as Colleague), adjustmentId, n % 5 !== 0)))
  expect(ends).toEqual({ answer: 1, ADJUSTMENT_DONE: 63, ADJUSTMENT_OWN: 32 })
  const { state } = await one.house.prisma.adjustment.findFirstOrThrow({ where: { adjustmentId } })
  expect((await account(one, member.memberId)).availablePoints).toBe(state === 'done' ? 800 : 0)
})

test('one decision sent 32 times has one effect and one answer', async () => {
  const [{ member, adjustmentId }, requestId] = [await waiting(), randomUUID()]
  const all = await Promise.all(times(32, (n) => decide(at(n, checker), adjustmentId, true, { requestId })))
  expect(new Set(all.map((shown) => JSON.stringify(shown))).size).toBe(1)
  expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 800 })
  await refusalOf(decide(checker, adjustmentId, false, { requestId }), 'REQUEST_REUSED')
})

test('nobody agrees with themselves: not the proposer in another record, nor whose points they are', async () => {
  const { adjustmentId } = await waiting()
  await refusalOf(decide(maker, adjustmentId), 'ADJUSTMENT_OWN')
  await refusalOf(decide(maker, adjustmentId, false), 'ADJUSTMENT_OWN')
  const gift = await adjust(maker, checker, 900)
  await refusalOf(decide(checker, gift.adjustmentId), 'ADJUSTMENT_OWN')
  // the proposer's record becomes another one, and the job goes with it
  const again = await newMember(one)
  const mergeId = await merged(one, again.memberId, maker.memberId)
  await refusalOf(decide(again, adjustmentId), 'ADJUSTMENT_OWN')
  expect(await decide(checker, adjustmentId)).toMatchObject({ state: 'done' })
  // and back again with it, when the merge is taken back
  const asAnother = await adjust(again, await newMember(one), 900)
  await undone(one, mergeId)
  await refusalOf(decide(maker, asAnother.adjustmentId), 'ADJUSTMENT_OWN')
})

test('what was moved alone today goes with the operator’s record', async () => {
  const [member, again] = [await newMember(one), await newMember(one)]
  await adjust(maker, member, 400)
  await inTx(one.as(), (tx) => mergeMember(tx, again.memberId, maker.memberId))
  expect(await adjust(again, member, 101)).toMatchObject({ state: 'waiting' })
  expect(await adjust(again, member, 100)).toMatchObject({ state: 'done' })
})

test('what is being moved alone while the operator’s record is merged counts, too', async () => {
  const [member, again] = [await newMember(one), await newMember(one)]
  let merged: Promise<unknown> = Promise.resolve()
  await inTx(maker.ctx, async (tx) => {
    await adjust({ ctx: tx }, member, 400)
    merged = inTx(other.as(), (merging) => mergeMember(merging, again.memberId, maker.memberId))
    await pause(500)
  })
  await merged
  expect(await adjust(again, member, 101)).toMatchObject({ state: 'waiting' })
  expect(await one.house.prisma.adjustmentDay.count({ where: { staffId: maker.memberId } })).toBe(0)
})

test('merged while it waits: it is decided for the survivor, also while the merge runs', async () => {
  const before = await waiting()
  const kept = await newMember(one)
  await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, before.member.memberId))
  expect(await decide(checker, before.adjustmentId)).toMatchObject({ memberNo: `**** ${kept.memberNo.slice(-4)}` })
  expect(await account(one, kept.memberId)).toMatchObject({ availablePoints: 800 })
  const during = await waiting()
  const [ends] = await Promise.all([
    endsOf(times(16, (n) => decide(at(n, checker), during.adjustmentId))),
    inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, during.member.memberId)),
  ])
  expect(ends.answer).toBe(1)
  expect(await account(one, kept.memberId)).toMatchObject({ availablePoints: 1_600 })
})

test('each refusal; of somebody who has left a wish can be refused, not agreed to', async () => {
  await refusalOf(decide(checker, randomUUID()), 'NOT_FOUND')
  const { member, adjustmentId } = await waiting()
  await refusalOf(decide(await newStaff(one, { role: 'manager' }), adjustmentId), 'ROLE_NEEDED')
  await refusalOf(decide(member, adjustmentId), 'STAFF_NEEDED')
  await refusalOf(decide({ ctx: one.as() }, adjustmentId), 'SESSION_NEEDED')
  await one.house.prisma.member.update({ where: { memberId: member.memberId }, data: { status: 'cancelled' } })
  await refusalOf(decide(checker, adjustmentId), 'MEMBER_UNKNOWN')
  expect(await decide(checker, adjustmentId, false)).toMatchObject({ state: 'refused', decisionNote: null })
  const done = await adjust(maker, await newMember(one), 5)
  await refusalOf(decide(checker, done.adjustmentId), 'ADJUSTMENT_DONE')
})
