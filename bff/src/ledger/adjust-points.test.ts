import { randomUUID } from 'node:crypto'
import { isAloneEnough } from '@huiyuan/shared/adjustment'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, expectLedgerProven } from '../../../test/support/ledger'
import { type Colleague, newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { verifyAudit } from '../audit/verify-audit'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { account, award, times } from '../member/member.fixture'
import { adjust, twoOperators } from './adjustment.fixture'
import { listStatement, type StatementKind } from './list-statement'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
let other: TestHouse
let maker: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
beforeEach(async () => {
  maker = (await twoOperators(one))[0]
})
afterEach(() => expectLedgerHolds(one.house.prisma))
afterAll(async () => {
  await expectLedgerProven(database.url)
  await Promise.all([one.close(), other.close()])
})

const movedToday = async () =>
  (await one.house.prisma.adjustmentDay.findMany({ where: { staffId: maker.memberId } })).map(({ day, points }) => [
    day,
    points,
  ])
const wordsOf = async (ctx: TestHouse['as'] extends (...of: never[]) => infer C ? C : never, kind: StatementKind) =>
  (await listStatement(ctx, { kind })).lines.map(({ words }) => words)

test('within the limit it is done at once, and the member reads why', async () => {
  const member = await newMember(one)
  const shown = await adjust(maker, member, 50)
  expect(shown).toMatchObject({
    memberNo: `**** ${member.memberNo.slice(-4)}`,
    nameMasked: '林**',
    points: 50,
    reason: 'goodwill',
    note: '等了很久',
    state: 'done',
    debtPoints: 0,
    mine: true,
    decisionNote: null,
    proposedAt: one.clock.at.toISOString(),
    decidedAt: one.clock.at.toISOString(),
  })
  expect(shown.decidedBy).toBe(shown.proposedBy)
  expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 50 })
  expect(await wordsOf(member.ctx, 'earned')).toEqual(['2026-11-22 客服为你调整，获得 50 积分：一点心意'])
  expect(await wordsOf(member.ctx, 'spent')).toEqual([])
  expect(await movedToday()).toEqual([['2026-11-22', 50]])
})

test('fewer than there are: what is there goes, the rest is owed and paid by the next points', async () => {
  const member = await newMember(one)
  await award(one, member.memberId, { points: 30 })
  const shown = await adjust(maker, member, -100, { reason: 'abuse' })
  expect(shown).toMatchObject({ state: 'done', points: -100, debtPoints: 70 })
  expect(shown.words).toContain('记下 70 欠分')
  expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 70 })
  expect((await wordsOf(member.ctx, 'spent')).sort()).toEqual([
    '2026-11-22 客服为你调整，收回 30 积分：不合积分规则的部分',
    '2026-11-22 客服为你调整，记下 70 欠分：不合积分规则的部分',
  ])
  await award(one, member.memberId, { points: 90 })
  expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 20, debtPoints: 0 })
})

test('beyond the limit it waits and moves nothing, also when more and fewer would cancel out', async () => {
  const member = await newMember(one)
  await adjust(maker, member, 300)
  expect(await adjust(maker, member, -201)).toMatchObject({ state: 'waiting', decidedBy: null, decidedAt: null })
  expect(await adjust(maker, member, -200)).toMatchObject({ state: 'done' })
  expect(await adjust(maker, member, 1)).toMatchObject({ state: 'waiting' })
  expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 100 })
  one.clock.pass(DAY)
  expect(await adjust(maker, member, 1)).toMatchObject({ state: 'done' })
})

test('64 corrections of 10 at once over two processes: 50 done, 14 waiting', async () => {
  const [member, another] = [await newMember(one), await newMember(one)]
  const all = await Promise.all(
    times(64, (n) =>
      adjust({ ctx: (n % 2 ? one : other).as(maker.memberId) }, n % 4 < 2 ? member : another, n % 3 ? 10 : -10),
    ),
  )
  expect(all.filter(({ state }) => state === 'done')).toHaveLength(50)
  expect(all.filter(({ state }) => state === 'waiting')).toHaveLength(14)
  expect((await movedToday()).map(([, points]) => points)).toEqual([500])
})

test('the statement decides as the rule does', async () => {
  const member = await newMember(one)
  const wish = fc.integer({ min: -260, max: 260 }).filter((points) => points !== 0)
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { minLength: 1, maxLength: 6 }), async (wishes) => {
      one.clock.pass(DAY)
      let moved = 0
      for (const points of wishes) {
        const enough = isAloneEnough({ points, movedToday: moved, own: false }, DEMO_POLICY)
        expect((await adjust(maker, member, points)).state).toBe(enough ? 'done' : 'waiting')
        if (enough) moved += Math.abs(points)
      }
    }),
    { numRuns: 12 },
  )
})

test('nobody moves their own points alone', async () => {
  expect(await adjust(maker, maker, 1)).toMatchObject({ state: 'waiting' })
  expect(await movedToday()).toEqual([])
})

test('one wish sent 64 times has one effect and one answer; with another body it is refused', async () => {
  const [member, requestId] = [await newMember(one), randomUUID()]
  const all = await Promise.all(
    times(64, (n) => adjust({ ctx: (n % 2 ? one : other).as(maker.memberId) }, member, 20, { requestId })),
  )
  expect(new Set(all.map((shown) => JSON.stringify(shown))).size).toBe(1)
  expect(await account(one, member.memberId)).toMatchObject({ availablePoints: 20 })
  await refusalOf(adjust(maker, member, 21, { requestId }), 'REQUEST_REUSED')
})

test('a card number however it was typed, also one that led to another record', async () => {
  const [kept, gone] = [await newMember(one), await newMember(one)]
  await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
  const printed = gone.memberNo.replace(/(\d{4})/g, '$1 ')
  expect(await adjust(maker, { memberNo: printed }, 5)).toMatchObject({ memberNo: `**** ${kept.memberNo.slice(-4)}` })
  expect(await account(one, kept.memberId)).toMatchObject({ availablePoints: 5 })
})

test('32 corrections while the member is merged: every one ends with the survivor', async () => {
  const [kept, gone] = [await newMember(one), await newMember(one)]
  const [ends] = await Promise.all([
    endsOf(times(32, (n) => adjust({ ctx: (n % 2 ? one : other).as(maker.memberId) }, gone, 3))),
    inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId)),
  ])
  expect(ends).toEqual({ answer: 32 })
  expect(await account(one, kept.memberId)).toMatchObject({ availablePoints: 96 })
  expect(await one.house.prisma.adjustment.count({ where: { memberId: gone.memberId } })).toBe(0)
})

test('each refusal, and nothing is left behind', async () => {
  const member = await newMember(one)
  for (const points of [0, 100_001, -100_001]) await refusalOf(adjust(maker, member, points), 'BAD_INPUT')
  for (const memberNo of ['8000000000000000', 'nobody', '8999999999999999'])
    await refusalOf(adjust(maker, { memberNo }, 5), 'MEMBER_UNKNOWN')
  const manager = await newStaff(one, { role: 'manager' })
  expect(await refusalOf(adjust(manager, member, 5), 'ROLE_NEEDED')).toEqual({ role: 'operator' })
  await refusalOf(adjust(member, member, 5), 'STAFF_NEEDED')
  await refusalOf(adjust({ ctx: one.as() }, member, 5), 'SESSION_NEEDED')
  await one.house.prisma.staff.update({ where: { memberId: maker.memberId }, data: { endedAt: one.clock.at } })
  await refusalOf(adjust(maker, member, 5), 'STAFF_NEEDED')
  await one.house.prisma.member.update({ where: { memberId: member.memberId }, data: { status: 'cancelled' } })
  await refusalOf(adjust((await twoOperators(one))[0], member, 5), 'MEMBER_UNKNOWN')
  expect(await one.house.prisma.adjustment.count({ where: { memberId: member.memberId } })).toBe(0)
})

test('who corrected what stands in the audit of the operator’s store', async () => {
  const member = await newMember(one)
  const { adjustmentId } = await adjust(maker, member, 5)
  expect(await one.house.prisma.auditEntry.findMany({ where: { storeId: maker.storeId } })).toMatchObject([
    { verb: 'ledger.adjust', subject: adjustmentId, actorId: maker.memberId },
  ])
  expect(await verifyAudit(one.as(), maker.storeId)).toMatchObject({ intact: true })
})
