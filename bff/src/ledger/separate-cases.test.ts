import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, expectLedgerProven, programmeTotals } from '../../../test/support/ledger'
import { newMember, type Person, type TestHouse } from '../../../test/support/people'
import { award, memberHouse, owe, times } from '../member/member.fixture'
import { snapshotOf } from '../merge/before-after.fixture'
import { merged, undone } from '../merge/undo.fixture'
import { type Counter, DAY, openCounter } from '../order/counter.fixture'
import { adjust, decide, twoOperators } from './adjustment.fixture'
import { listStatement } from './list-statement'

const database = testDatabase()
let till: Counter
let one: TestHouse
let two: TestHouse
beforeAll(async () => {
  till = await openCounter(database.url)
  one = till.one
  two = memberHouse(database.url, { clock: one.clock })
  await two.warm()
})
afterEach(async () => {
  await expectLedgerHolds(one.house.prisma)
  await expectLedgerProven(database.url)
  one.clock.pass(DAY)
})
afterAll(() => Promise.all([till.close(), two.close()]))

/** [available, pending, debt] */
const held = async ({ memberId }: Pick<Person, 'memberId'>) => {
  const own = await one.house.prisma.account.findUniqueOrThrow({ where: { memberId } })
  return [own.availablePoints, own.pendingPoints, own.debtPoints]
}
const pair = () => Promise.all([newMember(one), newMember(one)])
const spend = ({ memberId }: Pick<Person, 'memberId'>, points: number, sourceId: string = randomUUID(), on = one) =>
  on.house.sql('ledger_spend', { ...named(memberId, sourceId), points, reason: 'exchange', detail: { title: '杯子' } })
const cancel = ({ memberId }: Pick<Person, 'memberId'>, sourceId: string) =>
  one.house.sql('ledger_return_spend', {
    ...{ ...named(memberId, sourceId), reason: 'exchange_returned', detail: { title: '杯子' } },
    graceUntil: new Date(one.clock.at.getTime() + 30 * DAY),
  })
const named = (memberId: string, sourceId: string) => ({ memberId, at: one.clock.at, kind: 'redemption', sourceId })
const settle = ({ memberId }: Pick<Person, 'memberId'>) =>
  one.house.sql('ledger_settle_lots', { memberId, at: one.clock.at })
const lots = ({ memberId }: Pick<Person, 'memberId'>) =>
  one.house.prisma.lot.findMany({ where: { memberId, remaining: { gt: 0 } }, orderBy: { expiresAt: 'asc' } })
const wordsOf = async ({ ctx }: Person) =>
  (await listStatement(ctx, { limit: 50 })).lines
    .map(({ words }) => words.slice(11))
    .filter((words) => words.includes('分开'))

test('what a record paid before it was separated itself is not given to its old lots when another one is separated', async () => {
  const [me, other] = await pair()
  const third = await newMember(one)
  const sourceId = randomUUID()
  await award(one, other.memberId, { points: 60, expiresInDays: 2, sourceId })
  await award(one, me.memberId, { points: 3 })
  await award(one, third.memberId, { points: 57 })
  const mergeId = await merged(one, me.memberId, other.memberId)
  one.clock.pass(4 * DAY)
  await settle(me)
  // the other's purchase comes back: 3 are there, 57 are owed, and the third record pays those for a while
  const back = { kind: 'test', reason: 'purchase_returned', detail: { storeName: '湖滨店', earnedAt: one.clock.at } }
  await one.house.sql('ledger_take_back', { ...named(me.memberId, sourceId), ...back, points: 60, growth: 0 })
  await undone(one, await merged(one, me.memberId, third.memberId))
  await award(one, me.memberId, { points: 60 })
  await undone(one, mergeId)
  const origins = (await lots(me)).map(({ originLotId }) => originLotId)
  const [theirs] = await lots(third)
  expect(origins).not.toContain(theirs?.originLotId)
  expect([await held(me), await held(third)]).toEqual([
    [63, 0, 0],
    [57, 0, 0],
  ])
})

describe('a day later, after the survivor spent 30 of the moved 100: 100 back', () => {
  test.each<[string, number, 'survivor' | 'programme', number[], number]>([
    ['the survivor is charged 30', 50, 'survivor', [20, 0, 0], 0],
    ['what it does not have is owed', 10, 'survivor', [0, 0, 20], 0],
    ['or the programme pays', 50, 'programme', [50, 0, 0], 30],
  ])('%s', async (_words, own, charge, after, more) => {
    const [me, other] = await pair()
    const lot = await award(one, other.memberId, { points: 100, expiresInDays: 90 })
    await award(one, me.memberId, { points: own })
    const before = await programmeTotals(one.house.prisma)
    const mergeId = await merged(one, me.memberId, other.memberId)
    one.clock.pass(DAY)
    const exchange = randomUUID()
    await spend(me, 30, exchange)
    expect((await undone(one, mergeId, charge)).back).toMatchObject({ points: 100 })
    expect([await held(other), await held(me)]).toEqual([[100, 0, 0], after])
    expect(await lots(other)).toMatchObject([{ lotId: lot?.lotId, remaining: 100 }])
    expect((await programmeTotals(one.house.prisma)).points).toBe(before.points - 30 + more)
    const [mine, theirs] = [me, other].map(({ memberNo }) => `（尾号 ${memberNo.slice(-4)}）`)
    expect((await wordsOf(other)).sort()).toEqual([
      `与另一张会员卡${mine}分开，带回 70 积分`,
      `与另一张会员卡${mine}分开，补回已用掉的 30 积分`,
    ])
    expect(await wordsOf(me)).toContain(`另一张会员卡${theirs}分开，带走 70 积分`)
    // the exchange is the survivor's: whoever was charged for it gets it back
    await cancel(me, exchange)
    const [available, , debt] = await held(me)
    expect((available as number) - (debt as number)).toBe(own - 30 + 30)
    expect(await held(other)).toEqual([100, 0, 0])
  })
})

test('debts stand again with who owed them, whoever paid, and both where neither could', async () => {
  const debts = async (mine: { has?: number; owes?: number }, theirs: typeof mine) => {
    const [me, other] = await pair()
    for (const [{ memberId }, { has = 0, owes = 0 }] of [[me, mine] as const, [other, theirs] as const]) {
      if (owes > 0) await owe(one, memberId, owes)
      // who owes has only what waits
      if (has > 0) await award(one, memberId, { points: has, activeInDays: owes > 0 ? 9 : 0 })
    }
    const mergeId = await merged(one, me.memberId, other.memberId)
    const between = await held(me)
    const { restored } = await undone(one, mergeId)
    return [between, await held(me), await held(other), restored.find(({ kind }) => kind === 'debt_paid')]
  }
  const paid = (points: number, whose: string) => ({ kind: 'debt_paid', points, whose })
  const all = [
    await debts({ has: 60 }, { owes: 50 }),
    await debts({ has: 30 }, { owes: 50, has: 5 }),
    await debts({ owes: 40 }, { has: 100 }),
    await debts({ owes: 40 }, { has: 30 }),
    await debts({ owes: 40, has: 10 }, { owes: 20, has: 100 }),
  ]
  expect(all).toEqual([
    [[10, 0, 0], [60, 0, 0], [0, 0, 50], paid(50, 'other')],
    [[0, 5, 20], [30, 0, 0], [0, 5, 50], paid(30, 'other')],
    [[60, 0, 0], [0, 0, 40], [100, 0, 0], paid(40, 'survivor')],
    [[0, 0, 10], [0, 0, 40], [30, 0, 0], paid(30, 'survivor')],
    [[0, 110, 60], [0, 10, 40], [0, 100, 20], undefined],
  ])
})

test('pending, matured, ended and taken back since: what went by itself is gone, what was used comes back for a while', async () => {
  const guest = await till.visited()
  const me = await newMember(one)
  const bought = await till.pay(guest.visit, 6_000)
  const matures = { points: 25, activeInDays: 2, expiresInDays: 60 }
  await award(one, guest.memberId, { points: 40, expiresInDays: 3 })
  await award(one, guest.memberId, matures)
  const used = randomUUID()
  await spend(guest, 5, used)
  const mergeId = await merged(one, me.memberId, guest.memberId)
  one.clock.pass(DAY)
  await cancel(me, used)
  // of the 40 that end soon 15 are spent, the others end
  await spend(me, 15)
  await till.takeBack(me.memberId, bought.orderId, { refundFen: 2_000 })
  one.clock.pass(4 * DAY)
  await settle(me)
  const { back, lost } = await undone(one, mergeId)
  expect(back).toMatchObject({ points: 25 + 40 + 15, chargedPoints: 15 })
  expect(lost).toEqual(
    expect.arrayContaining([
      { kind: 'points', why: 'expired', points: 25 },
      { kind: 'points', why: 'returned', points: 20 },
    ]),
  )
  expect([await held(guest), await held(me)]).toEqual([
    [25 + 15, 40, 0],
    [0, 0, 15],
  ])
  const [grace] = await lots(guest)
  expect(grace).toMatchObject({ remaining: 15 })
  expect(grace?.expiresAt.getTime()).toBeGreaterThan(one.clock.at.getTime() + 29 * DAY)
  // the rest of the purchase is returned by whom it belongs to
  const rest = await till.takeBack(guest.memberId, bought.orderId)
  expect(rest).toMatchObject({ points: { pending: 40, available: 0, debt: 0 }, growth: 40 })
})

test('points that ended with the survivor are not taken a second time when their purchase is returned after the undo', async () => {
  const guest = await till.visited()
  const me = await newMember(one)
  const { orderId } = await till.pay(guest.visit, 5_000)
  await one.house.prisma.lot.updateMany({
    where: { memberId: guest.memberId },
    data: { activeAt: new Date(one.clock.at.getTime() + DAY), expiresAt: new Date(one.clock.at.getTime() + 3 * DAY) },
  })
  const mergeId = await merged(one, me.memberId, guest.memberId)
  one.clock.pass(4 * DAY)
  await settle(me)
  await undone(one, mergeId)
  expect(await till.takeBack(guest.memberId, orderId)).toMatchObject({ points: { pending: 0, available: 0, debt: 0 } })
  expect(await held(guest)).toEqual([0, 0, 0])
})

test('corrections go back with whom they were about; one that was carried out since stays where its points are', async () => {
  const [maker, judge] = await twoOperators(one)
  const [me, other] = await pair()
  const done = await adjust(maker, other, 40)
  const [carried, waits] = [await adjust(maker, other, 900), await adjust(maker, other, 800)]
  const day = { day: '2026-11-01', points: 30 }
  await one.house.prisma.adjustmentDay.createMany({
    data: [me, other].map(({ memberId }, n) => ({ ...day, staffId: memberId, points: 30 + n })),
  })
  const both = [me.memberId, other.memberId]
  const before = await snapshotOf(one.house.prisma, both)
  await undone(one, await merged(one, me.memberId, other.memberId))
  expect(await snapshotOf(one.house.prisma, both)).toEqual(before)
  one.clock.pass(1)
  const mergeId = await merged(one, me.memberId, other.memberId)
  await decide(judge, carried.adjustmentId)
  await undone(one, mergeId)
  const whose = await one.house.prisma.adjustment.findMany({ where: { memberId: { in: both } } })
  expect(Object.fromEntries(whose.map(({ adjustmentId, memberId }) => [adjustmentId, memberId]))).toEqual({
    [done.adjustmentId]: other.memberId,
    [carried.adjustmentId]: me.memberId,
    [waits.adjustmentId]: other.memberId,
  })
  expect([await held(me), await held(other)]).toEqual([
    [900, 0, 0],
    [40, 0, 0],
  ])
})

describe('I-ID2 at once', () => {
  const rich = async (person: Person) => {
    for (let n = 0; n < 4; n++) await award(one, person.memberId, { points: 100, expiresInDays: 30 + n })
  }
  /** What was previewed may have changed when it is decided: the operator looks again. */
  const lookedAgain = <T>(undo: () => Promise<T>): Promise<T> =>
    undo().catch((error) => (/PREVIEW_CHANGED/.test(String(error)) ? lookedAgain(undo) : Promise.reject(error)))
  const spent = (tries: { status: string }[]) => tries.filter(({ status }) => status === 'fulfilled').length

  test('32 spends of either record beside the merge, then 32 of either beside the undo: no point lost, none minted', async () => {
    const [me, other] = await pair()
    await Promise.all([me, other].map(rich))
    const before = await programmeTotals(one.house.prisma)
    const each = (on: (n: number) => TestHouse) =>
      [me, other].flatMap((who) => times(32, (n) => spend(who, 3, randomUUID(), on(n))))
    const either = (n: number) => (n % 2 ? one : two)
    const merging = merged(one, me.memberId, other.memberId)
    const first = await Promise.allSettled([merging, ...each(either)])
    const mergeId = await merging
    const now = await programmeTotals(one.house.prisma)
    expect(now.points).toBe(before.points - 3 * (spent(first) - 1))
    const undoing = lookedAgain(() => undone(one, mergeId))
    const second = await Promise.allSettled([undoing, ...each(either)])
    expect((await programmeTotals(one.house.prisma)).points).toBe(now.points - 3 * (spent(second) - 1))
    // nobody lives on the other's points: each has what it had, less what it spent itself
    const used = await one.house.prisma.effect.groupBy({
      by: ['memberId'],
      where: { part: 'spend', memberId: { in: [me.memberId, other.memberId] } },
      _count: true,
    })
    for (const { memberId, _count } of used) expect(await held({ memberId })).toEqual([400 - 3 * _count, 0, 0])
  })
})
