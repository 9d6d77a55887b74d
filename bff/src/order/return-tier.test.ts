import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newStaff, newVisit } from '../../../test/support/people'
import { endsOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { type Counter, DAY, MINUTE, openCounter } from './counter.fixture'

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
})
afterEach(() => expectLedgerHolds(till.one.as().db))
afterAll(() => till.close())

const either = (n: number) => (n % 2 ? till.one : till.other)
const accountOf = (memberId: string) => till.one.as().db.account.findUniqueOrThrow({ where: { memberId } })
const tierOf = async (memberId: string) =>
  (await till.one.as().db.standing.findUniqueOrThrow({ where: { memberId } })).tier

const merged = (to: string, from: string) => inTx(till.one.as(), (tx) => mergeMember(tx, to, from))

describe('a return and the tier', () => {
  test('that other orders have earned as well stays', async () => {
    const { visit, memberId } = await till.visited()
    await till.pay(visit, 100_000)
    const second = await till.pay(visit, 50_000)
    expect(await till.takeBack(memberId, second.orderId)).toMatchObject({ tierBefore: 2, tierAfter: 2 })
  })

  test('that only growth given back since had reached ends, whichever of the orders it was', async () => {
    const { visit, memberId } = await till.visited()
    const first = await till.pay(visit, 60_000)
    till.one.clock.pass(MINUTE)
    expect(await till.pay(visit, 50_000)).toMatchObject({ tierAfter: 2 })
    expect(await till.takeBack(memberId, first.orderId)).toMatchObject({ tierBefore: 2, tierAfter: 1 })
  })

  test('falls to the highest that what was kept has reached, over two rungs if it must', async () => {
    const { visit, memberId } = await till.visited()
    await till.pay(visit, 100_000)
    till.one.clock.pass(MINUTE)
    const third = await till.pay(visit, 400_000)
    expect(third).toMatchObject({ tierBefore: 2, tierAfter: 4 })
    expect(await till.takeBack(memberId, third.orderId)).toMatchObject({ tierBefore: 4, tierAfter: 2 })
  })

  test('kept for its validity although growth has left the window is not lost to the return of something else', async () => {
    const { clock, house } = till.one
    const { visit, memberId } = await till.visited()
    await till.pay(visit, 100_000)
    clock.pass(300 * DAY)
    const second = await till.pay(await newVisit(till.one, { ctx: till.one.as(memberId) }, till.clerk), 100_000)
    expect(second).toMatchObject({ tierAfter: 3 })
    clock.pass(70 * DAY)
    await house.sql('ledger_settle_growth', { memberId, at: clock.at, from: new Date(clock.at.getTime() - 365 * DAY) })
    expect(await accountOf(memberId)).toMatchObject({ growth: 1_000 })
    const by = await newStaff(till.one, { role: 'manager', shop: till.clerk })
    expect(await till.takeBack(memberId, second.orderId, { by })).toMatchObject({ tierBefore: 3, tierAfter: 2 })
  })

  test('of a return that is told twice sinks once', async () => {
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 100_000)
    const requestId = randomUUID()
    const first = await till.takeBack(memberId, orderId, { requestId })
    await till.pay(visit, 200_000)
    expect(await till.takeBack(memberId, orderId, { requestId, in: till.other })).toEqual(first)
    expect(await tierOf(memberId)).toBe(3)
  })
})

describe('I-ID2: after a merge', () => {
  test('the survivor’s return takes back what the other record had earned, and the tier that came of it', async () => {
    const kept = await till.visited()
    await till.pay(kept.visit, 20_000)
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 100_000)
    till.one.clock.pass(MINUTE)
    await inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    expect(await tierOf(kept.memberId)).toBe(2)
    expect(await till.takeBack(memberId, orderId)).toMatchObject({
      points: { pending: 1_000, available: 0, debt: 0 },
      growth: 1_000,
      tierBefore: 2,
      tierAfter: 1,
    })
    expect(await accountOf(kept.memberId)).toMatchObject({ pendingPoints: 200, growth: 200 })
  })

  test('of a tier that both had earned together, what is left counts', async () => {
    const kept = await till.visited()
    await till.pay(kept.visit, 60_000)
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 50_000)
    till.one.clock.pass(MINUTE)
    await inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    expect(await tierOf(kept.memberId)).toBe(2)
    till.one.clock.pass(MINUTE)
    const more = await till.pay(kept.visit, 30_000)
    expect(await till.takeBack(memberId, orderId)).toMatchObject({ tierBefore: 2, tierAfter: 1 })
    expect(await till.pay(kept.visit, 10_000)).toMatchObject({ tierAfter: 2 })
    expect(await till.takeBack(kept.memberId, more.orderId)).toMatchObject({ tierBefore: 2, tierAfter: 1 })
  })

  test('a tier that the survivor had earned alone stays', async () => {
    const kept = await till.visited()
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 20_000)
    await till.pay(kept.visit, 100_000)
    till.one.clock.pass(MINUTE)
    await inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    expect(await till.takeBack(memberId, orderId)).toMatchObject({ tierBefore: 2, tierAfter: 2 })
  })

  test('of points that had ended with a record between, none are asked for again', async () => {
    const [kept, between] = [await till.visited(), await till.visited()]
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 6_800)
    await inTx(till.one.as(), (tx) => mergeMember(tx, between.memberId, memberId))
    till.one.clock.pass(400 * DAY)
    await till.one.house.sql('ledger_settle_lots', { memberId: between.memberId, at: till.one.clock.at })
    await inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, between.memberId))
    const by = await newStaff(till.one, { role: 'manager', shop: till.clerk })
    const back = await till.takeBack(memberId, orderId, { by })
    expect(back.points).toEqual({ pending: 0, available: 0, debt: 0 })
  })

  test('and another one: no record on the way keeps the tier that only the returned growth had reached', async () => {
    const [kept, between, first] = [await till.visited(), await till.visited(), await till.visited()]
    const { orderId } = await till.pay(first.visit, 210_000)
    await till.pay(between.visit, 100_000)
    const given = await till.pay(between.visit, 500_000)
    till.one.clock.pass(MINUTE)
    await merged(between.memberId, first.memberId)
    expect(await tierOf(between.memberId)).toBe(4)
    // what was returned before the next merge never comes along
    expect(await till.takeBack(between.memberId, given.orderId)).toMatchObject({ tierBefore: 4, tierAfter: 3 })
    till.one.clock.pass(MINUTE)
    await merged(kept.memberId, between.memberId)
    expect(await tierOf(kept.memberId)).toBe(3)
    expect(await till.takeBack(kept.memberId, orderId)).toMatchObject({ tierBefore: 3, tierAfter: 2 })
    expect(await accountOf(kept.memberId)).toMatchObject({ growth: 1_000 })
  })

  test('what two others brought is told apart: the return of one leaves the tier of the other', async () => {
    const [kept, between, first, own] = [
      await till.visited(),
      await till.visited(),
      await till.visited(),
      await till.visited(),
    ]
    const high = await till.pay(first.visit, 210_000)
    const low = await till.pay(own.visit, 100_000)
    till.one.clock.pass(MINUTE)
    await merged(between.memberId, first.memberId)
    await merged(kept.memberId, between.memberId)
    await merged(kept.memberId, own.memberId)
    expect(await till.takeBack(kept.memberId, low.orderId)).toMatchObject({ tierBefore: 3, tierAfter: 3 })
    expect(await till.takeBack(kept.memberId, high.orderId)).toMatchObject({ tierBefore: 3, tierAfter: 1 })
  })

  test('32 returns beside a merge: one effect', async () => {
    const kept = await till.visited()
    const { visit, memberId } = await till.visited()
    const { orderId } = await till.pay(visit, 6_800)
    const returns = Array.from({ length: 32 }, (_, n) => till.takeBack(memberId, orderId, { in: either(n) }))
    const merge = inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
    const [ends] = await Promise.all([endsOf(returns), merge])
    expect(ends).toEqual({ answer: 1, RETURN_DONE: 31 })
    expect(await accountOf(kept.memberId)).toMatchObject({ pendingPoints: 0, growth: 0, debtPoints: 0 })
  })
})
