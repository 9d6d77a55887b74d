import { randomUUID } from 'node:crypto'
import { OBLIGATION_STEPS, type ObligationState, type ObligationStep } from '@huiyuan/shared/obligation'
import { dueOf, type Period, periodOf } from '@huiyuan/shared/obligation-period'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { refusalOf } from '../../../test/support/refusals'
import { newTemplate } from '../coupon/coupon.fixture'
import { buy, comeAndCheckIn, giveBack, handIn, newCounted, newObligation, takeUp } from './obligation.fixture'
import { showObligation } from './show-obligation'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
let clerk: Colleague
let manager: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
  clerk = await newStaff(one)
  manager = await newStaff(one, { role: 'manager', shop: clerk })
})
afterEach(async () => {
  await expectLedgerHolds(one.as().db)
  await expectPromisesHold(one.as().db, one.clock.at)
})
afterAll(() => Promise.all([one.close(), other.close()]))

const accountOf = (memberId: string) => one.as().db.account.findUniqueOrThrow({ where: { memberId } })
const count = (memberId: string, counts: string, sourceId: string, house = one) =>
  house.house.sql<{ counted: number; rewarded: number }>('obligation_count', {
    ...{ memberId, counts, sourceId, at: one.clock.at },
    expiresAt: new Date(one.clock.at.getTime() + 365 * DAY_MS),
  })
const retract = (memberId: string, counts: string, sourceId: string, house = one) =>
  house.house.sql('obligation_retract', { memberId, counts, sourceId, at: one.clock.at })

test('the database has the rules’ table of states, periods and ends', async () => {
  const { db } = one.as()
  const steps = ['accept', 'submit', 'proof', 'reward', 'approve', 'reject', 'retract', 'claw_back', 'lapse'] as const
  for (const [state, ways] of Object.entries(OBLIGATION_STEPS) as [
    ObligationState,
    (typeof OBLIGATION_STEPS)['open'],
  ][])
    for (const step of steps as readonly ObligationStep[]) {
      const [row] = await db.$queryRaw<{ next: string | null }[]>`SELECT obligation_next(${state}, ${step}) AS next`
      expect([state, step, row?.next ?? null]).toEqual([state, step, ways[step] ?? null])
    }
  for (const period of ['once', 'daily', 'weekly', 'monthly'] as Period[])
    for (const days of [0, 8, 35, 36, 37, 38, 39, 40, 41, 42, 43, 400]) {
      const at = new Date(one.clock.at.getTime() + days * DAY_MS + 12 * 3_600_000 - 1)
      const [row] = await db.$queryRaw<{ key: string; due: Date | null }[]>`
        SELECT (obligation_period(${period}::text, ${at}::timestamptz)).key, obligation_due(o, ${at}::timestamptz) AS due
          FROM jsonb_populate_record(NULL::obligation, jsonb_build_object('period', ${period}::text, 'due_days', 9)) o`
      expect(row).toEqual({ key: periodOf(period, at).key, due: dueOf(period, 9, at) })
    }
})

test('own purchases count once taken up, from so much on, and beyond the goal; what is returned is no step', async () => {
  const coupon = await newTemplate(one, { validDays: 30 })
  const { obligationId } = await newCounted(one, {
    ...{ target: 2, countsFromFen: 2_000, rewardCoupon: coupon, honour: { name: '常客', termMonths: 12 } },
  })
  const me = await newMember(one)
  const { memberId } = me
  const shown = async () => (await showObligation(me.ctx, { obligationId })).obligation
  await buy(one, clerk, memberId)
  await takeUp(me, obligationId)
  const first = await buy(one, clerk, memberId)
  await buy(one, clerk, memberId, 1_999)
  expect(await shown()).toMatchObject({ state: 'in_progress', progress: 1 })
  await giveBack(one, manager, memberId, first, 500)
  expect(await shown()).toMatchObject({ progress: 1 })
  const [second, third] = [await buy(one, clerk, memberId), await buy(one, clerk, memberId)]
  expect(await shown()).toMatchObject({ state: 'rewarded', progress: 2, pointsGiven: 50 })
  expect(await accountOf(memberId)).toMatchObject({ availablePoints: 50, debtPoints: 0 })
  // one too many: the first that comes back costs nothing
  await giveBack(one, manager, memberId, first)
  expect(await shown()).toMatchObject({ state: 'rewarded', progress: 2 })
  await one.house.sql('ledger_spend', {
    memberId,
    at: one.clock.at,
    kind: 'test',
    sourceId: memberId,
    points: 40,
    reason: 'exchange',
  })
  await giveBack(one, manager, memberId, second)
  expect(await shown()).toMatchObject({ state: 'clawed_back', progress: 1, pointsGiven: 0, reason: 'taken_back' })
  expect(await accountOf(memberId)).toMatchObject({ availablePoints: 0, debtPoints: 40 })
  const { db } = one.as()
  expect(await db.coupon.findMany({ where: { memberId } })).toMatchObject([{ state: 'voided' }])
  expect(await db.honourHeld.count({ where: { memberId } })).toBe(0)
  expect((await db.obligation.findUniqueOrThrow({ where: { obligationId } })).spentPoints).toBe(50)
  // I-O1: no second one in this period
  await giveBack(one, manager, memberId, third)
  await buy(one, clerk, memberId)
  await buy(one, clerk, memberId)
  expect(await shown()).toMatchObject({ state: 'clawed_back', refusal: { code: 'OBLIGATION_OVER' } })
})

test('the same source 64 times at once, over two houses, counted and taken back: one step, one reward, none left', async () => {
  const { obligationId } = await newCounted(one, { kind: 'invite', counts: 'friend_rewarded', target: 3 })
  const me = await newMember(one)
  await takeUp(me, obligationId)
  const friends = Array.from({ length: 8 }, () => randomUUID())
  const ends = await Promise.all(
    Array.from({ length: 64 }, (_, n) =>
      count(me.memberId, 'friend_rewarded', friends[n >> 3] as string, n % 2 ? one : other),
    ),
  )
  expect(ends.reduce((sum, { counted }) => sum + counted, 0)).toBe(8)
  expect(ends.reduce((sum, { rewarded }) => sum + rewarded, 0)).toBe(1)
  expect(await accountOf(me.memberId)).toMatchObject({ availablePoints: 50 })
  await Promise.all(
    friends.flatMap((id, n) =>
      [one, other].map((house) => n > 5 || retract(me.memberId, 'friend_rewarded', id, house)),
    ),
  )
  const held = await one.as().db.obligationInstance.findFirstOrThrow({ where: { memberId: me.memberId } })
  expect(held).toMatchObject({ state: 'clawed_back', progress: 2, pointsGiven: 0 })
  expect(await accountOf(me.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
})

test('each period has its own undertaking; what comes with a title need not be taken up', async () => {
  const title = await newObligation(one, { honour: { name: '品牌代言人', termMonths: 12 } })
  const { obligationId } = await newCounted(one, { period: 'monthly', forHonourId: title.honourId })
  const me = await newMember(one)
  expect(await refusalOf(takeUp(me, obligationId), 'HONOUR_NEEDED')).toEqual({ honourName: '品牌代言人' })
  await count(me.memberId, 'order', randomUUID())
  await comeAndCheckIn(one, clerk, me, title.obligationId)
  for (let month = 0; month < 2; month++) {
    await count(me.memberId, 'order', randomUUID())
    expect((await showObligation(me.ctx, { obligationId })).obligation).toMatchObject({
      state: 'rewarded',
      progress: 1,
    })
    one.clock.pass(31 * DAY_MS)
  }
  expect(await accountOf(me.memberId)).toMatchObject({ availablePoints: 150 })
  await refusalOf(handIn(me.ctx, obligationId), 'PROOF_KIND')
})
