import { randomUUID } from 'node:crypto'
import { returnedShare } from '@huiyuan/shared/order'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newStaff, newVisit } from '../../../test/support/people'
import { type Counter, DAY, openCounter } from './counter.fixture'

const database = testDatabase()
let till: Counter
let manager: Colleague
beforeAll(async () => {
  till = await openCounter(database.url)
  manager = await newStaff(till.one, { role: 'manager', shop: till.clerk })
})
afterAll(() => till.close())

type Step =
  | { do: 'buy'; fen: number }
  | { do: 'spend'; part: number }
  | { do: 'wait'; days: number }
  | { do: 'return'; nth: number; part: number }
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('buy' as const), fen: fc.integer({ min: 1, max: 250_000 }) }),
  fc.record({ do: fc.constant('spend' as const), part: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
  fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('return' as const), nth: fc.nat(), part: fc.double({ min: 0, max: 1.5, noNaN: true }) }),
)

type Kept = Awaited<ReturnType<Counter['pay']>> & { refunded: number }

/** Plays the steps for a new member. → what is still to be returned, and how many points were spent */
async function played(steps: Step[]) {
  const { one } = till
  const guest = await till.visited()
  const { memberId } = guest
  const kept: Kept[] = []
  let spent = 0
  for (const now of steps) {
    if (now.do === 'wait') one.clock.pass(now.days * DAY)
    if (now.do === 'buy')
      kept.push({ ...(await till.pay(await newVisit(one, guest, till.clerk), now.fen)), refunded: 0 })
    if (now.do === 'return' && kept.length > 0) {
      const order = kept[now.nth % kept.length] as Kept
      const refundFen = Math.ceil((order.amountFen - order.refunded) * Math.min(now.part, 1)) || 1
      await till.takeBack(memberId, order.orderId, { by: manager, refundFen })
      order.refunded += refundFen
      if (order.refunded === order.amountFen) kept.splice(kept.indexOf(order), 1)
    }
    if (now.do === 'spend') spent += await spend(memberId, now.part)
    one.clock.pass(31_000)
  }
  return { memberId, kept, spent }
}

async function spend(memberId: string, part: number): Promise<number> {
  const { clock, house } = till.one
  await house.sql('ledger_settle_lots', { memberId, at: clock.at })
  const { availablePoints, debtPoints } = await accountOf(memberId)
  const points = Math.floor(availablePoints * part)
  if (points === 0 || debtPoints > 0) return 0
  const source = { kind: 'redemption', sourceId: randomUUID(), reason: 'exchange', detail: { title: '小竹勺' } }
  await house.sql('ledger_spend', { memberId, at: clock.at, points, ...source })
  return points
}

const accountOf = (memberId: string) => till.one.as().db.account.findUniqueOrThrow({ where: { memberId } })

test('I-P4: whatever was bought, spent and returned in between, what is kept is what was earned less what was spent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const { memberId, kept, spent } = await played(steps)
      const { availablePoints, pendingPoints, debtPoints } = await accountOf(memberId)
      const earned = kept.reduce(
        (sum, one) => sum + one.points - returnedShare(one.points, one.amountFen, one.refunded),
        0,
      )
      expect(availablePoints + pendingPoints - debtPoints).toBe(earned - spent)
      for (const { orderId } of kept) await till.takeBack(memberId, orderId, { by: manager })
      const empty = await accountOf(memberId)
      expect(empty).toMatchObject({ availablePoints: 0, pendingPoints: 0, debtPoints: spent, growth: 0 })
      expect(await till.one.as().db.standing.findUnique({ where: { memberId } })).toMatchObject({ tier: 1 })
    }),
    { numRuns: 12 },
  )
  await expectLedgerHolds(till.one.as().db)
})

test('points that came back once more and then ended are not owed: they are gone already', async () => {
  const { one } = till
  const guest = await till.visited()
  const { memberId } = guest
  const order = await till.pay(guest.visit, 6_800)
  one.clock.pass(20 * DAY)
  const call = { memberId, kind: 'redemption', sourceId: randomUUID(), reason: 'exchange', detail: { title: '小竹勺' } }
  await one.house.sql('ledger_spend', { ...call, at: one.clock.at, points: 68 })
  one.clock.pass(400 * DAY)
  const graceUntil = new Date(one.clock.at.getTime() + 5 * DAY)
  const back = await one.house.sql('ledger_return_spend', { ...call, at: one.clock.at, graceUntil })
  expect(back).toMatchObject({ returned: 0, grace: 68 })
  one.clock.pass(6 * DAY)
  const returned = await till.takeBack(memberId, order.orderId, { by: manager })
  expect(returned.points).toEqual({ pending: 0, available: 0, debt: 0 })
  expect(await accountOf(memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
  await expectLedgerHolds(one.as().db)
})
