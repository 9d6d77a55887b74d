import { randomUUID } from 'node:crypto'
import { lotsToSpend } from '@huiyuan/shared/ledger'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, programmeTotals } from '../../../test/support/ledger'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { account, award, owe, times } from '../member/member.fixture'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
let other: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
afterEach(() => expectLedgerHolds(one.house.prisma))
afterAll(() => Promise.all([one.close(), other.close()]))

const newId = async () => (await newMember(one)).memberId
const spendCall = (memberId: string, points: number, sourceId: string = randomUUID()) => ({
  memberId,
  at: one.clock.at,
  kind: 'test',
  sourceId,
  points,
  reason: 'exchange',
  detail: { title: '桂花乌龙' },
})
const spend = (
  memberId: string,
  points: number,
  sourceId?: string,
  house = one,
): Promise<{ available: number } | null> => house.house.sql('ledger_spend', spendCall(memberId, points, sourceId))
const giveBack = (memberId: string, sourceId: string, house = one): Promise<Record<string, number> | null> =>
  house.house.sql('ledger_return_spend', {
    ...spendCall(memberId, 0, sourceId),
    reason: 'exchange_returned',
    graceUntil: new Date(one.clock.at.getTime() + 30 * DAY),
  })
const usesOf = async (memberId: string, sourceId: string) => {
  const uses = await one.house.prisma.lotUse.findMany({
    where: { memberId, effectSource: sourceId },
    orderBy: [{ expiresAt: 'asc' }, { lotId: 'asc' }],
  })
  return uses.map(({ lotId, points }) => ({ lotId, points }))
}
const liveLots = (memberId: string) =>
  one.house.prisma.lot.findMany({
    where: { memberId, remaining: { gt: 0 } },
    orderBy: [{ expiresAt: 'asc' }, { lotId: 'asc' }],
  })

test('takes the earliest end first, ties by lot id, as the rule does, from whatever lots there are', async () => {
  const lots = fc.array(fc.record({ points: fc.integer({ min: 1, max: 50 }), life: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 1,
    maxLength: 8,
  })
  await fc.assert(
    fc.asyncProperty(lots, fc.integer({ min: 1, max: 250 }), async (wishes, points) => {
      const memberId = await newId()
      for (const { points: earned, life } of wishes) await award(one, memberId, { points: earned, expiresInDays: life })
      // not spendable yet, whatever its end
      await award(one, memberId, { points: 999, activeInDays: 1, expiresInDays: 2 })
      const before = (await liveLots(memberId)).filter(({ state }) => state === 'active')
      const wanted = lotsToSpend(before, points)
      const sourceId = randomUUID()
      const held = before.reduce((sum, { remaining }) => sum + remaining, 0)
      if (!wanted) {
        expect(await refusalOf(spend(memberId, points, sourceId), 'POINTS_SHORT')).toEqual({
          shortPoints: points - held,
        })
        expect(await usesOf(memberId, sourceId)).toEqual([])
      } else {
        expect(await spend(memberId, points, sourceId)).toEqual({ available: held - points })
        expect(await usesOf(memberId, sourceId)).toEqual(wanted)
      }
    }),
    { numRuns: 40 },
  )
})

test('I-L2, I-L3: 32 spends beside 32 awards over two processes: nothing below zero, books and lots agree', async () => {
  const memberId = await newId()
  await award(one, memberId, { points: 400 })
  const works = times<unknown>(64, (n) =>
    n % 2
      ? award(n % 4 === 1 ? one : other, memberId, { points: 10 })
      : spend(memberId, 50, undefined, n % 4 ? one : other),
  )
  const ends = await endsOf(works)
  const spent = (ends.answer ?? 0) - 32
  expect(spent).toBeGreaterThanOrEqual(8)
  expect(ends.POINTS_SHORT ?? 0).toBe(32 - spent)
  expect((await account(one, memberId)).availablePoints).toBe(400 + 320 - 50 * spent)
})

test('I-L5: one source spends once and comes back once, 64 times at once over two processes', async () => {
  const [memberId, sourceId] = [await newId(), randomUUID()]
  await award(one, memberId, { points: 500 })
  const spends = await Promise.all(times(64, (n) => spend(memberId, 30, sourceId, n % 2 ? one : other)))
  expect(spends.filter((answer) => answer !== null)).toEqual([{ available: 470 }])
  expect((await account(one, memberId)).availablePoints).toBe(470)
  const returns = await Promise.all(times(64, (n) => giveBack(memberId, sourceId, n % 2 ? one : other)))
  expect(returns.filter((answer) => answer !== null)).toEqual([{ returned: 30, grace: 0, expired: 0, available: 500 }])
  expect((await account(one, memberId)).availablePoints).toBe(500)
})

test('lots that are due are brought up to date first: matured ones pay, ended ones do not', async () => {
  const memberId = await newId()
  await award(one, memberId, { points: 70, activeInDays: 2 })
  await award(one, memberId, { points: 30, expiresInDays: 1 })
  expect(await refusalOf(spend(memberId, 31), 'POINTS_SHORT')).toEqual({ shortPoints: 1 })
  one.clock.pass(2 * DAY)
  expect(await refusalOf(spend(memberId, 71), 'POINTS_SHORT')).toEqual({ shortPoints: 1 })
  expect(await spend(memberId, 70)).toEqual({ available: 0 })
})

test('I-L3: who owes spends nothing, until lots have paid', async () => {
  const memberId = await newId()
  await owe(one, memberId, 40)
  expect(await refusalOf(spend(memberId, 1), 'IN_DEBT')).toEqual({ debtPoints: 40 })
  await award(one, memberId, { points: 41 })
  expect(await spend(memberId, 1)).toEqual({ available: 0 })
})

test('I-L3: points that come back pay what became owed meanwhile', async () => {
  const [memberId, sourceId] = [await newId(), randomUUID()]
  await award(one, memberId, { points: 100 })
  await spend(memberId, 100, sourceId)
  await owe(one, memberId, 60)
  expect(await giveBack(memberId, sourceId)).toEqual({ returned: 100, grace: 0, expired: 0, available: 40 })
  expect(await account(one, memberId)).toMatchObject({ availablePoints: 40, debtPoints: 0 })
})

test('a return fills the lots it came from, to their old end', async () => {
  const [memberId, sourceId] = [await newId(), randomUUID()]
  for (const expiresInDays of [5, 9, 9, 30]) await award(one, memberId, { points: 20, expiresInDays })
  const before = await liveLots(memberId)
  await spend(memberId, 55, sourceId)
  expect(await giveBack(memberId, sourceId)).toMatchObject({ returned: 55 })
  expect(await liveLots(memberId)).toEqual(before)
})

test('what ended meanwhile lives on in one grace lot for each origin, a second time it ends', async () => {
  const [memberId, first, second] = [await newId(), randomUUID(), randomUUID()]
  const lot = await award(one, memberId, { points: 100, expiresInDays: 5 })
  await spend(memberId, 60, first)
  await spend(memberId, 40, second)
  one.clock.pass(6 * DAY)
  const grace = { points: 60, expiresAt: new Date(one.clock.at.getTime() + 30 * DAY) }
  expect(await giveBack(memberId, first)).toEqual({ returned: 0, grace: 60, expired: 0, available: 60 })
  expect(await giveBack(memberId, second)).toEqual({ returned: 0, grace: 0, expired: 40, available: 60 })
  expect(await liveLots(memberId)).toMatchObject([
    { originLotId: lot?.lotId, remaining: grace.points, expiresAt: grace.expiresAt, state: 'active' },
  ])
  const reasons = await one.house.prisma.transfer.groupBy({
    by: ['reason'],
    where: { memberId },
    _sum: { amount: true },
  })
  const sums = Object.fromEntries(reasons.map(({ reason, _sum }) => [reason, _sum.amount]))
  expect(sums).toEqual({ opening: 100, exchange: 100, grace: 60, exchange_returned: 40, expired: 40 })
})

test('what one spend took from two lots of one origin comes back together, also after their end', async () => {
  const [kept, memberId, before, after] = [await newId(), await newId(), randomUUID(), randomUUID()]
  await award(one, memberId, { points: 100, expiresInDays: 5 })
  await spend(memberId, 30, before)
  await inTx(one.as(), (tx) => mergeMember(tx, kept, memberId))
  // a merge moves a lot into a new one, so what comes back lies beside it
  await giveBack(kept, before)
  await spend(kept, 90, after)
  expect(await usesOf(kept, after)).toHaveLength(2)
  one.clock.pass(6 * DAY)
  expect(await giveBack(kept, after)).toEqual({ returned: 0, grace: 90, expired: 0, available: 90 })
})

test('I-ID2: what was spent before a merge comes back to the survivor, with its end and origin', async () => {
  const [kept, memberId, sourceId] = [await newId(), await newId(), randomUUID()]
  const lot = await award(one, memberId, { points: 80, expiresInDays: 20 })
  await spend(memberId, 50, sourceId)
  const before = await programmeTotals(one.house.prisma)
  await inTx(one.as(), (tx) => mergeMember(tx, kept, memberId))
  expect(await giveBack(kept, sourceId)).toEqual({ returned: 50, grace: 0, expired: 0, available: 80 })
  expect((await programmeTotals(one.house.prisma)).points).toBe(before.points + 50)
  const lots = await liveLots(kept)
  expect(lots.map(({ remaining }) => remaining).sort()).toEqual([30, 50])
  for (const { originLotId, expiresAt } of lots) {
    expect(originLotId).toBe(lot?.lotId)
    expect(expiresAt).toEqual(new Date(one.clock.at.getTime() + 20 * DAY))
  }
  // spent again and come back once more, it is the same points
  const again = randomUUID()
  await spend(kept, 80, again)
  expect(await giveBack(kept, again)).toMatchObject({ returned: 80, available: 80 })
  await refusalOf(spend(memberId, 1), 'BUSY')
})

test('whoever has no account is not known', async () => {
  await refusalOf(spend('00000000-0000-7000-8000-000000000000', 1), 'MEMBER_UNKNOWN')
})

describe('taking back what a source had awarded', () => {
  const takeBack = (memberId: string, sourceId: string, points: number, growth = 0, house = one) =>
    house.house.sql<Record<string, number> | null>('ledger_take_back', {
      ...spendCall(memberId, points, sourceId),
      growth,
      earnedAt: one.clock.at,
      reason: 'purchase_returned',
    })

  test('takes its own lot first, then other active ones, the rest is owed', async () => {
    const [memberId, sourceId] = [await newId(), randomUUID()]
    await award(one, memberId, { points: 30, expiresInDays: 3 })
    await award(one, memberId, { points: 100, growth: 100, sourceId, expiresInDays: 300 })
    await award(one, memberId, { points: 500, activeInDays: 9 })
    await spend(memberId, 90)
    expect(await takeBack(memberId, sourceId, 100, 100)).toEqual({
      pending: 0,
      available: 40,
      debt: 60,
      growth: 100,
      growthAfter: 0,
    })
    expect(await account(one, memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 500, debtPoints: 60 })
  })

  test('takes a pending lot of its own as it is', async () => {
    const [memberId, sourceId] = [await newId(), randomUUID()]
    await award(one, memberId, { points: 30 })
    await award(one, memberId, { points: 100, sourceId, activeInDays: 15 })
    expect(await takeBack(memberId, sourceId, 100)).toMatchObject({ pending: 100, available: 0, debt: 0 })
    expect(await account(one, memberId)).toMatchObject({ availablePoints: 30, pendingPoints: 0 })
  })

  test('I-L5: 64 times at once over two processes, beside 32 spends: once', async () => {
    const [memberId, sourceId] = [await newId(), randomUUID()]
    await award(one, memberId, { points: 100, sourceId })
    await award(one, memberId, { points: 100 })
    const takes = times(64, (n) => takeBack(memberId, sourceId, 100, 0, n % 2 ? one : other))
    const spends = times(32, (n) => spend(memberId, 5, undefined, n % 2 ? one : other))
    const [taken, ends] = await Promise.all([Promise.all(takes), endsOf(spends)])
    expect(taken.filter((answer) => answer !== null)).toHaveLength(1)
    const { availablePoints, debtPoints } = await account(one, memberId)
    expect(availablePoints - debtPoints).toBe(100 - 5 * (ends.answer ?? 0))
  })
})
