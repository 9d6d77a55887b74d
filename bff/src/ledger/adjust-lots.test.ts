import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, expectLedgerProven } from '../../../test/support/ledger'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { account, award, owe, times } from '../member/member.fixture'
import { settleDueLots } from './settle-due-lots'

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
afterAll(async () => {
  await expectLedgerProven(database.url)
  await Promise.all([one.close(), other.close()])
})

const newId = async () => (await newMember(one)).memberId

interface Adjusted {
  available: number
  debt: number
  lotId: string | null
}

const adjust = (memberId: string, points: number, sourceId: string = randomUUID(), house = one) =>
  house.house.sql<Adjusted | null>('ledger_adjust', {
    memberId,
    at: one.clock.at,
    kind: 'adjustment',
    sourceId,
    points,
    expiresAt: new Date(one.clock.at.getTime() + 300 * DAY),
    reason: 'adjusted',
    detail: { title: '一点心意' },
  })
const liveLots = (memberId: string) =>
  one.house.prisma.lot.findMany({
    where: { memberId, remaining: { gt: 0 } },
    orderBy: [{ expiresAt: 'asc' }, { lotId: 'asc' }],
  })

test('more is a lot of its own, to be spent at once and to its own end', async () => {
  const memberId = await newId()
  const given = await adjust(memberId, 50)
  expect(given).toMatchObject({ available: 50, debt: 0 })
  expect(await liveLots(memberId)).toMatchObject([
    { lotId: given?.lotId, originLotId: given?.lotId, state: 'active', earned: 50, remaining: 50 },
  ])
})

test('more pays what is owed first, as every lot does', async () => {
  const memberId = await newId()
  await owe(one, memberId, 30)
  expect(await adjust(memberId, 50)).toMatchObject({ available: 20, debt: 0 })
  expect(await account(one, memberId)).toMatchObject({ availablePoints: 20, debtPoints: 0 })
  await owe(one, memberId, 30)
  // what is owed is paid by the next lot; the one that is there was spendable
  expect(await adjust(memberId, 10)).toMatchObject({ available: 20 })
  expect(await account(one, memberId)).toMatchObject({ debtPoints: 20 })
})

test('fewer takes what ends first and never what is pending; what is missing is owed and paid by the next lot', async () => {
  const memberId = await newId()
  for (const expiresInDays of [9, 5]) await award(one, memberId, { points: 20, expiresInDays })
  await award(one, memberId, { points: 40, activeInDays: 3 })
  expect(await adjust(memberId, -25)).toEqual({ available: 15, debt: 0, lotId: null })
  expect((await liveLots(memberId)).map(({ remaining }) => remaining)).toEqual([15, 40])
  expect(await adjust(memberId, -40)).toEqual({ available: 0, debt: 25, lotId: null })
  expect(await account(one, memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 40, debtPoints: 25 })
  one.clock.pass(3 * DAY)
  await settleDueLots(one.as(), { batch: 50 })
  expect(await account(one, memberId)).toMatchObject({ availablePoints: 15, pendingPoints: 0, debtPoints: 0 })
})

test('what is due has its day first: an ended lot gives nothing', async () => {
  const memberId = await newId()
  await award(one, memberId, { points: 30, expiresInDays: 1 })
  await award(one, memberId, { points: 10, activeInDays: 1 })
  one.clock.pass(2 * DAY)
  expect(await adjust(memberId, -30)).toMatchObject({ available: 0, debt: 20 })
})

test('I-L5: one source has one effect, 64 times at once over two processes, and after a merge', async () => {
  const [memberId, survivor, plus, minus] = [await newId(), await newId(), randomUUID(), randomUUID()]
  const given = await Promise.all(times(64, (n) => adjust(memberId, 30, plus, n % 2 ? one : other)))
  expect(given.filter((answer) => answer !== null)).toMatchObject([{ available: 30 }])
  const taken = await Promise.all(times(64, (n) => adjust(memberId, -40, minus, n % 2 ? one : other)))
  expect(taken.filter((answer) => answer !== null)).toEqual([{ available: 0, debt: 10, lotId: null }])
  await inTx(one.as(), (tx) => mergeMember(tx, survivor, memberId))
  expect([await adjust(survivor, 30, plus), await adjust(survivor, -40, minus)]).toEqual([null, null])
  expect(await account(one, survivor)).toMatchObject({ availablePoints: 0, debtPoints: 10 })
})

test('I-L2, I-L3: 32 up and 32 down at once, beside each other: nothing below zero, the sum is exact', async () => {
  const memberId = await newId()
  await Promise.all(times(64, (n) => adjust(memberId, n % 2 ? 10 : -15, undefined, n % 4 < 2 ? one : other)))
  const { availablePoints, debtPoints } = await account(one, memberId)
  expect(availablePoints - debtPoints).toBe(32 * 10 - 32 * 15)
})

test('nobody, and a record that became another, are refused', async () => {
  await refusalOf(adjust(randomUUID(), 5), 'MEMBER_UNKNOWN')
  const [kept, gone] = [await newId(), await newId()]
  await inTx(one.as(), (tx) => mergeMember(tx, kept, gone))
  await refusalOf(adjust(gone, 5), 'BUSY')
})
