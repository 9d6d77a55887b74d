import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newMember, newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { listHonours } from '../honour/list-honours'
import { listStatement } from '../ledger/list-statement'
import { findVisit } from '../visit/find-visit'
import { acceptObligation } from './accept-obligation'
import { listAtCounter } from './list-at-counter'
import { listObligations } from './list-obligations'
import { checkIn, comeAndCheckIn, newObligation } from './obligation.fixture'

const HOUR = 3_600_000
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

const house = (n: number) => (n % 2 ? one : other)
const pointsOf = async (memberId: string) =>
  (await one.as().db.account.findUniqueOrThrow({ where: { memberId } })).availablePoints
const instancesOf = (memberId: string) => one.as().db.obligationInstance.findMany({ where: { memberId } })
const spentOf = async (obligationId: string) =>
  (await one.as().db.obligation.findUniqueOrThrow({ where: { obligationId } })).spentPoints
const visited = async () => {
  const person = await newMember(one)
  return { ...person, visit: await newVisit(one, person, clerk) }
}

describe('a step confirmed at the counter', () => {
  test('counts for one who had not taken it up, too, and at the goal gives points and the honour', async () => {
    const { obligationId } = await newObligation(one, { target: 2, honour: { name: '惜杯人', termMonths: 12 } })
    const me = await newMember(one)
    expect(await comeAndCheckIn(one, clerk, me, obligationId)).toEqual({
      title: '带自己的杯子',
      progress: 1,
      target: 2,
      rewarded: null,
    })
    const half = (await listObligations(me.ctx)).obligations.find((duty) => duty.obligationId === obligationId)
    expect(half).toMatchObject({ state: 'in_progress', progress: 1, acceptedAt: one.clock.at.toISOString() })
    one.clock.pass(DAY_MS)
    expect(await comeAndCheckIn(one, clerk, me, obligationId)).toMatchObject({
      progress: 2,
      rewarded: { points: 50, honourName: '惜杯人' },
    })
    const { obligations } = await listObligations(me.ctx)
    expect(obligations.find((duty) => duty.obligationId === obligationId)).toMatchObject({
      state: 'rewarded',
      progress: 2,
      refusal: { code: 'OBLIGATION_DONE' },
      finishedAt: one.clock.at.toISOString(),
    })
    expect((await listHonours(me.ctx)).honours.filter(({ state }) => state === 'worn')).toEqual([
      expect.objectContaining({ name: '惜杯人', until: '2027-11-30T15:59:59.999Z' }),
    ])
    expect(await pointsOf(me.memberId)).toBe(50)
    const [line] = (await listStatement(me.ctx, { kind: 'earned' })).lines
    expect(line?.words).toBe('2026-11-23 完成「带自己的杯子」，获得 50 积分')
    expect(await one.as().db.lot.findFirst({ where: { memberId: me.memberId } })).toMatchObject({
      state: 'active',
      expiresAt: new Date('2027-11-30T15:59:59.999Z'),
    })
  })

  test('stands in the books with visit, shop and colleague, and in the audit', async () => {
    const { obligationId } = await newObligation(one)
    const { memberId, visit } = await visited()
    await checkIn(one, clerk, visit, obligationId)
    const [instance] = await instancesOf(memberId)
    const { db } = one.as()
    expect(await db.obligationProof.findMany({ where: { memberId } })).toMatchObject([
      { instanceId: instance?.instanceId, visitId: visit.visitId, storeId: clerk.storeId, staffId: clerk.memberId },
    ])
    const entry = await db.auditEntry.findFirst({ where: { storeId: clerk.storeId }, orderBy: { seq: 'desc' } })
    expect(entry).toMatchObject({ verb: 'obligation.checkIn', subject: instance?.instanceId, actorId: clerk.memberId })
  })

  test('sent again is answered the same and counts once; with another body it is refused', async () => {
    const [{ obligationId }, another] = [await newObligation(one, { target: 3 }), await newObligation(one)]
    const { memberId, visit } = await visited()
    const requestId = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, n) => checkIn(house(n), clerk, visit, obligationId, requestId)),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await instancesOf(memberId)).toMatchObject([{ progress: 1 }])
    await refusalOf(checkIn(one, clerk, visit, another.obligationId, requestId), 'REQUEST_REUSED')
  })

  test('that is the last pays what is owed first', async () => {
    const { obligationId } = await newObligation(one)
    const { memberId, visit } = await visited()
    await one.house.sql('ledger_take_back', {
      memberId,
      at: one.clock.at,
      kind: 'test',
      sourceId: memberId,
      points: 30,
      growth: 0,
      reason: 'purchase_returned',
    })
    await checkIn(one, clerk, visit, obligationId)
    expect(await pointsOf(memberId)).toBe(20)
  })
})

describe('is refused', () => {
  test('without a live code, in another shop, for another’s visit, and when the visit is over', async () => {
    const { obligationId } = await newObligation(one)
    const me = await newMember(one)
    const found = await findVisit(clerk.ctx, clerk, {
      requestId: randomUUID(),
      tillId: clerk.tillId,
      memberNo: me.memberNo,
    })
    await refusalOf(checkIn(one, clerk, found, obligationId), 'CODE_NEEDED')
    const visit = await newVisit(one, me, clerk)
    await refusalOf(checkIn(one, await newStaff(one), visit, obligationId), 'VISIT_UNKNOWN')
    const theirs = await visited()
    await refusalOf(checkIn(one, clerk, { ...visit, memberRef: theirs.visit.memberRef }, obligationId), 'VISIT_UNKNOWN')
    one.clock.pass(600_000)
    await refusalOf(checkIn(one, clerk, visit, obligationId), 'VISIT_OVER')
    expect(await instancesOf(me.memberId)).toEqual([])
  })

  test('where it is not held, before it begins, after its end, below its tier, and when there is none', async () => {
    const elsewhere = await newStaff(one)
    const { visit } = await visited()
    const away = await newObligation(one, { storeId: elsewhere.storeId })
    expect(await refusalOf(checkIn(one, clerk, visit, away.obligationId), 'OBLIGATION_ELSEWHERE')).toEqual({
      storeName: '湖滨店',
    })
    const startsAt = new Date(one.clock.at.getTime() + HOUR)
    const later = await newObligation(one, { startsAt })
    expect(await refusalOf(checkIn(one, clerk, visit, later.obligationId), 'OBLIGATION_NOT_OPEN')).toEqual({
      opensAt: startsAt.toISOString(),
    })
    const over = await newObligation(one, { endsAt: one.clock.at })
    await refusalOf(checkIn(one, clerk, visit, over.obligationId), 'OBLIGATION_OVER')
    const high = await newObligation(one, { tierGate: 3 })
    expect(await refusalOf(checkIn(one, clerk, visit, high.obligationId), 'TIER_NEEDED')).toEqual({ tier: 3 })
    expect(await refusalOf(checkIn(one, clerk, visit, 'nothing'), 'NOT_FOUND')).toEqual({ noun: 'obligation' })
  })

  test('within the cooldown, to the millisecond, and a second time in one visit', async () => {
    const { obligationId } = await newObligation(one, { target: 5, cooldownHours: 20 })
    const free = await newObligation(one, { target: 5 })
    const me = await newMember(one)
    const visit = await newVisit(one, me, clerk)
    const first = one.clock.at.getTime()
    await checkIn(one, clerk, visit, obligationId)
    await checkIn(one, clerk, visit, free.obligationId)
    expect(await refusalOf(checkIn(one, clerk, visit, free.obligationId), 'CHECKIN_TOO_SOON')).toEqual({
      until: visit.expiresAt,
    })
    one.clock.pass(20 * HOUR - 1)
    expect(await refusalOf(comeAndCheckIn(one, clerk, me, obligationId), 'CHECKIN_TOO_SOON')).toEqual({
      until: new Date(first + 20 * HOUR).toISOString(),
    })
    one.clock.pass(1)
    expect(await comeAndCheckIn(one, clerk, me, obligationId)).toMatchObject({ progress: 2 })
  })

  test('by one who works here no longer', async () => {
    const { obligationId } = await newObligation(one)
    const leaver = await newStaff(one)
    const visit = await newVisit(one, await newMember(one), leaver)
    await one.as().db.staff.update({ where: { memberId: leaver.memberId }, data: { endedAt: one.clock.at } })
    await refusalOf(checkIn(one, leaver, visit, obligationId), 'STAFF_NEEDED')
  })

  test('for the reason that the counter was shown', async () => {
    const elsewhere = await newStaff(one)
    const duties = await Promise.all([
      newObligation(one, { target: 2 }),
      newObligation(one, { target: 2, cooldownHours: 3 }),
      newObligation(one, { tierGate: 2 }),
      newObligation(one, { storeId: elsewhere.storeId }),
    ])
    const me = await newMember(one)
    await acceptObligation(me.ctx, { requestId: randomUUID(), obligationId: duties[3]?.obligationId as string })
    const before = await newVisit(one, me, clerk)
    for (const { obligationId } of duties.slice(0, 2)) await checkIn(one, clerk, before, obligationId)
    const visit = await newVisit(one, me, clerk)
    const { obligations } = await listAtCounter(clerk.ctx, clerk, visit)
    const shown = obligations.filter((duty) => duties.some(({ obligationId }) => obligationId === duty.obligationId))
    expect(shown.map(({ refusal }) => refusal?.code ?? null).sort()).toEqual(
      [null, 'CHECKIN_TOO_SOON', 'TIER_NEEDED', 'OBLIGATION_ELSEWHERE'].sort(),
    )
    for (const { obligationId, refusal } of shown)
      if (refusal)
        expect(await refusalOf(checkIn(one, clerk, visit, obligationId), refusal.code)).toEqual(refusal.detail)
      else await checkIn(one, clerk, visit, obligationId)
  })
})

describe('I-O1: at most one reward per instance', () => {
  test('64 confirmations of the last step at once, over two houses: one reward', async () => {
    const { obligationId } = await newObligation(one, { honour: { name: '知茶人', termMonths: null } })
    const me = await newMember(one)
    const visits = await Promise.all(Array.from({ length: 8 }, () => newVisit(one, me, clerk)))
    const ends = await endsOf(
      Array.from({ length: 64 }, (_, n) => checkIn(house(n), clerk, visits[n >> 3] as never, obligationId)),
    )
    expect(ends).toEqual({ answer: 1, OBLIGATION_DONE: 63 })
    expect(await instancesOf(me.memberId)).toMatchObject([{ state: 'rewarded', progress: 1 }])
    expect(await pointsOf(me.memberId)).toBe(50)
    expect(await spentOf(obligationId)).toBe(50)
    expect(await one.as().db.honourHeld.count({ where: { memberId: me.memberId } })).toBe(1)
  })

  test('64 steps of eight visits at once: one a visit, the eighth is the reward', async () => {
    const { obligationId } = await newObligation(one, { target: 8 })
    const me = await newMember(one)
    const visits = await Promise.all(Array.from({ length: 8 }, () => newVisit(one, me, clerk)))
    const ends = await endsOf(
      Array.from({ length: 64 }, (_, n) => checkIn(house(n), clerk, visits[n >> 3] as never, obligationId)),
    )
    expect(ends.answer).toBe(8)
    expect(await instancesOf(me.memberId)).toMatchObject([{ state: 'rewarded', progress: 8 }])
    expect(await one.as().db.obligationProof.count({ where: { memberId: me.memberId } })).toBe(8)
    expect(await pointsOf(me.memberId)).toBe(50)
  })
})

describe('the budget', () => {
  test('64 members reach the goal at once, ten can be paid: ten are, all have the honour, nobody is turned away', async () => {
    const { obligationId, honourId } = await newObligation(one, {
      budgetPoints: 540,
      honour: { name: '知茶人', termMonths: null },
    })
    const people = await Promise.all(Array.from({ length: 64 }, () => visited()))
    const answers = await Promise.all(people.map(({ visit }, n) => checkIn(house(n), clerk, visit, obligationId)))
    expect(answers.filter(({ rewarded }) => rewarded?.points === 50)).toHaveLength(10)
    expect(answers.filter(({ rewarded }) => rewarded?.points === 0)).toHaveLength(54)
    expect(await spentOf(obligationId)).toBe(500)
    const { db } = one.as()
    expect(await db.honourHeld.count({ where: { honourId: honourId as string } })).toBe(64)
    const where = { obligationId }
    expect(await db.obligationInstance.count({ where: { ...where, state: 'rewarded', reason: null } })).toBe(10)
    expect(await db.obligationInstance.count({ where: { ...where, state: 'approved', reason: 'budget' } })).toBe(54)
    const total = await db.account.aggregate({
      where: { memberId: { in: people.map(({ memberId }) => memberId) } },
      _sum: { availablePoints: true },
    })
    expect(total._sum.availablePoints).toBe(500)
  })

  test('is not asked for an honour alone', async () => {
    const { obligationId } = await newObligation(one, {
      rewardPoints: 0,
      budgetPoints: 0,
      honour: { name: '知茶人', termMonths: null },
    })
    const { memberId, visit } = await visited()
    expect(await checkIn(one, clerk, visit, obligationId)).toMatchObject({
      rewarded: { points: 0, honourName: '知茶人' },
    })
    expect(await instancesOf(memberId)).toMatchObject([{ state: 'rewarded', reason: null }])
  })
})

test('I-O2: what lapsed holds no reward and takes no step more, also when it was one step short', async () => {
  const { obligationId } = await newObligation(one, { target: 2, endsAt: new Date(one.clock.at.getTime() + DAY_MS) })
  const me = await newMember(one)
  await comeAndCheckIn(one, clerk, me, obligationId)
  one.clock.pass(DAY_MS - 1)
  const visit = await newVisit(one, me, clerk)
  one.clock.pass(1)
  await refusalOf(checkIn(one, clerk, visit, obligationId), 'OBLIGATION_OVER')
  const lapsed = (await listObligations(me.ctx)).obligations.find((duty) => duty.obligationId === obligationId)
  expect(lapsed).toMatchObject({ state: 'lapsed', progress: 1, refusal: { code: 'OBLIGATION_OVER' } })
  expect(await pointsOf(me.memberId)).toBe(0)
})

test('an honour earned twice is worn for the longer of both terms', async () => {
  const first = await newObligation(one, { honour: { name: '惜杯人', termMonths: 12 } })
  const second = await newObligation(one, { honourId: first.honourId, target: 1 })
  const me = await newMember(one)
  await comeAndCheckIn(one, clerk, me, first.obligationId)
  one.clock.pass(40 * DAY_MS)
  await comeAndCheckIn(one, clerk, me, second.obligationId)
  expect(await one.as().db.honourHeld.findMany({ where: { memberId: me.memberId } })).toMatchObject([
    { expiresAt: new Date('2028-01-31T15:59:59.999Z') },
  ])
})
