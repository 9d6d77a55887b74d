import { randomUUID } from 'node:crypto'
import { inTx } from '../../bff/src/ctx'
import { keysFrom } from '../../bff/src/keys'
import { mergeMember } from '../../bff/src/member'
import { orderRefOf } from '../../bff/src/order/order-ref'
import { Refusal } from '../../bff/src/refusal'
import { seedRewards } from '../../prisma/seed/mall'
import { testDatabase } from '../support/database'
import { expectLedgerProven } from '../support/ledger'
import { type TestHouse, testHouse } from '../support/people'
import { expectPromisesHold } from '../support/promises'
import { clientOf, faultOf, join, type Person, type RunningHouse, signIn, startHouse } from '../support/running-house'
import { addStrangers, codeOn, enrol, seedFor } from './demo-people.fixture'

/** What other loyalty programmes were taken with, tried on this one, over HTTP on two server processes. */
const database = testDatabase()
let house: RunningHouse
/** The same house from inside, for what no procedure does: opening points, merging two records. */
let inside: [TestHouse, TestHouse]
let clerks: Person[]
let managers: Person[]

beforeAll(async () => {
  house = await startHouse(database.url, { processes: 2 })
  await seedFor(database.url, house.masterKey)
  const keys = keysFrom(house.masterKey)
  const open = () => testHouse(database.url, { keys, now: () => new Date(), connections: 8 })
  inside = [open(), open()]
  const all = (key: string) => Promise.all(house.bffs.map(({ url }) => signIn(house.sandbox, url, key)))
  clerks = await all('qing')
  managers = await all('zhou')
})
afterEach(async () => {
  await expectLedgerProven(database.url)
  await expectPromisesHold(books(), new Date())
})
afterAll(async () => {
  await Promise.all(inside?.map((one) => one.close()) ?? [])
  await house?.stop()
})

const books = () => inside[0].house.prisma
const urlFor = (n: number) => house.bffs[n % 2]?.url as string
const clerk = (n: number) => clerks[n % 2] as Person
const on = (person: Person, n: number) => clientOf(urlFor(n), () => person.token)
const once = <T extends object>(input: T) => ({ requestId: randomUUID(), ...input })
const account = (memberId: string) => books().account.findUniqueOrThrow({ where: { memberId } })

/** How many came to each end: `answer`, or the code of a fault. */
async function endsOf(calls: Promise<unknown>[]): Promise<Record<string, number>> {
  const ends: Record<string, number> = {}
  for (const result of await Promise.allSettled(calls)) {
    const reason = (result as { reason?: { data?: { fault?: { code: string } } } }).reason
    const end = result.status === 'fulfilled' ? 'answer' : (reason?.data?.fault?.code ?? String(reason))
    ends[end] = (ends[end] ?? 0) + 1
  }
  return ends
}

const times = <T>(count: number, work: (n: number) => Promise<T>) => Array.from({ length: count }, (_, n) => work(n))

/** People who have just joined, each with so many points. */
async function newcomers(count: number, points = 0): Promise<Person[]> {
  const joined = await Promise.all(
    addStrangers(house, count).map((key, n) => join(house.sandbox, urlFor(n), key, { phone: true })),
  )
  if (points > 0) await Promise.all(joined.map(({ memberId }) => grant(memberId, points)))
  return joined
}
const newcomer = async (points = 0) => (await newcomers(1, points))[0] as Person

function grant(memberId: string, points: number, { sourceId = randomUUID() as string, inMs = 0 } = {}) {
  const at = new Date()
  const life = { activeAt: new Date(at.getTime() + inMs), expiresAt: new Date(at.getTime() + 90 * 86_400_000) }
  const given = { memberId, at, kind: 'test', sourceId, points, growth: 0, ...life, reason: 'opening', detail: {} }
  return inside[0].house.sql<{ lotId: string } | null>('ledger_award', given)
}

async function newReward(points: number, more: { stockTotal?: number; numbered?: boolean } = {}) {
  const rewardId = `attack-${randomUUID().slice(0, 12)}`
  const words = { title: '桂花乌龙', subtitle: '现泡一杯', art: 'cup', rules: '任一门店领取。' }
  await seedRewards(inside[0].as(), [{ rewardId, kind: 'pickup', points, ...words, ...more }])
  return { rewardId, points }
}

async function scanned(person: Person) {
  const code = codeOn(await enrol(person.api))
  const { visitId, memberRef } = await clerk(0).api.visit.scan.mutate(once({ code, tillId: 'hubin-1' }))
  return { visitId, memberRef }
}

const orderRef = (memberId: string, orderId: string) =>
  orderRefOf(inside[0].house.keys, { memberId, orderId, visitId: null })

test('64 claims of the one last numbered piece: one redemption, one charge, one owner', async () => {
  const crowd = await newcomers(64, 500)
  const piece = await newReward(500, { stockTotal: 1, numbered: true })
  const ends = await endsOf(crowd.map((one, n) => on(one, n).mall.exchange.mutate(once(piece))))
  expect(ends).toEqual({ answer: 1, REWARD_GONE: 63 })
  const owners = await books().redemption.findMany({ where: { rewardId: piece.rewardId } })
  expect(owners).toMatchObject([{ pieceNo: 1, state: 'ready' }])
  const charged = await books().account.findMany({
    where: { memberId: { in: crowd.map(({ memberId }) => memberId) }, availablePoints: { not: 500 } },
  })
  expect(charged).toMatchObject([{ memberId: owners[0]?.memberId, availablePoints: 0 }])
})

test('the same 100 points, sent 20 ways at once, move once: for two rewards, and by hand', async () => {
  const rich = await newcomer(100)
  const rewards = [await newReward(100), await newReward(100)]
  const spend = (n: number) =>
    inside[n % 2 === 0 ? 0 : 1].house.sql('ledger_spend', {
      ...{ memberId: rich.memberId, at: new Date(), kind: 'test', sourceId: randomUUID(), points: 100 },
      ...{ reason: 'exchange', detail: {} },
    })
  const ends = await Promise.allSettled(
    times(20, (n) =>
      n % 5 === 4 ? spend(n) : on(rich, n).mall.exchange.mutate(once(rewards[n % 2] as (typeof rewards)[0])),
    ),
  )
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await account(rich.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
  const { _sum } = await books().transfer.aggregate({
    where: { memberId: rich.memberId, toAccount: 'programme:spent' },
    _sum: { amount: true },
  })
  expect(_sum.amount).toBe(100)
})

test('one record with 100 points, merged into 20 others at once: they arrive once, nothing is minted', async () => {
  const gone = await newcomer(100)
  const others = await newcomers(20)
  const merges = await Promise.allSettled(
    others.map(({ memberId }, n) =>
      inTx((inside[n % 2] as TestHouse).as(), (tx) => mergeMember(tx, memberId, gone.memberId)),
    ),
  )
  const lost = merges.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
  expect(lost).toHaveLength(19)
  for (const reason of lost) expect(reason).toBeInstanceOf(Refusal)
  const all = await Promise.all([gone, ...others].map(({ memberId }) => account(memberId)))
  expect(all.map(({ availablePoints }) => availablePoints).filter((points) => points > 0)).toEqual([100])
})

test('8 spends of all there is at once, worth ¥100: exactly one', async () => {
  const rich = await newcomer(1_000)
  const worth100 = await newReward(1_000)
  const calls = times(8, (n) => on(rich, n).mall.exchange.mutate(once(worth100)))
  expect(await endsOf(calls)).toEqual({ answer: 1, POINTS_SHORT: 7 })
  expect(await faultOf(on(rich, 1).mall.exchange.mutate(once(worth100)))).toEqual({
    code: 'POINTS_SHORT',
    detail: { shortPoints: 1_000 },
  })
  expect(await account(rich.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
})

test('what was earned, spent and then returned is owed and seen; nothing is forgiven, the next points pay it first', async () => {
  const me = await newcomer()
  const visit = await scanned(me)
  const { orderId, points } = await clerk(0).api.order.settle.mutate(once({ ...visit, amountFen: 20_000 }))
  expect(points).toBe(200)
  // the points of the purchase count at once, as they would fifteen days later
  await books().lot.updateMany({ where: { memberId: me.memberId }, data: { activeAt: new Date(Date.now() - 1_000) } })
  const reward = await newReward(150)
  expect(await on(me, 1).mall.exchange.mutate(once(reward))).toMatchObject({ pointsAfter: 50 })

  const ref = orderRef(me.memberId, orderId)
  const back = await (managers[1] as Person).api.order.return.mutate(once({ orderRef: ref }))
  expect(back).toMatchObject({ refundedFen: 20_000, points: { pending: 0, available: 50, debt: 150 } })
  expect((await on(me, 0).home.show.query()).card).toMatchObject({ points: 0, debtPoints: 150 })
  const { lines } = await on(me, 1).ledger.statement.query({})
  const words = lines.filter(({ reason, unit }) => reason === 'purchase_returned' && unit === 'points')
  expect(words.map((line) => line.words)).toEqual(
    expect.arrayContaining([expect.stringContaining('记下 150 欠分'), expect.stringContaining('收回 50 积分')]),
  )
  const tea = await newReward(20)
  const refused = await faultOf(on(me, 0).mall.exchange.mutate(once(tea)))
  expect(refused).toEqual({ code: 'IN_DEBT', detail: { debtPoints: 150 } })

  await grant(me.memberId, 180, { inMs: 86_400_000 })
  expect(await faultOf(on(me, 1).mall.exchange.mutate(once(tea)))).toMatchObject({ code: 'IN_DEBT' })
  await books().lot.updateMany({ where: { memberId: me.memberId, state: 'pending' }, data: { activeAt: new Date() } })
  expect(await on(me, 0).mall.exchange.mutate(once(tea))).toMatchObject({ pointsAfter: 180 - 150 - 20 })
  expect((await on(me, 1).home.show.query()).card).toMatchObject({ points: 10, debtPoints: 0 })
})

test('64 returns of one purchase at once give back what was paid, once', async () => {
  const me = await newcomer()
  const visit = await scanned(me)
  const { orderId } = await clerk(1).api.order.settle.mutate(once({ ...visit, amountFen: 6_800 }))
  const ref = orderRef(me.memberId, orderId)
  const answers = await Promise.allSettled(times(64, (n) => clerk(n).api.order.return.mutate(once({ orderRef: ref }))))
  const given = answers.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
  expect(given).toMatchObject([{ refundedFen: 6_800, points: { pending: 68, available: 0, debt: 0 }, growth: 68 }])
  expect(await account(me.memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 0, debtPoints: 0, growth: 0 })
  // one that was answered is answered again, one that was not is told so
  expect(await faultOf(clerk(0).api.order.return.mutate(once({ orderRef: ref })))).toMatchObject({
    code: 'RETURN_DONE',
  })
})

test('64 partial returns of one purchase at once give back what was paid, to the fen and no more', async () => {
  const me = await newcomer()
  const visit = await scanned(me)
  const { orderId } = await clerk(1).api.order.settle.mutate(once({ ...visit, amountFen: 10_050 }))
  const ref = orderRef(me.memberId, orderId)
  const part = (n: number, refundFen = 1_000) => clerk(n).api.order.return.mutate(once({ orderRef: ref, refundFen }))
  expect(await endsOf(times(64, (n) => part(n)))).toEqual({ answer: 10, RETURN_TOO_MUCH: 54 })
  expect(await account(me.memberId)).toMatchObject({ pendingPoints: 1, growth: 1 })
  expect(await faultOf(part(0, 51))).toEqual({ code: 'RETURN_TOO_MUCH', detail: { leftFen: 50 } })
  for (const wrong of [0, -1, 0.5]) expect(await faultOf(part(1, wrong))).toMatchObject({ code: 'BAD_INPUT' })
  expect(await part(1, 50)).toMatchObject({ refundedFen: 50, refundedTotalFen: 10_050, leftFen: 0 })
  expect(await account(me.memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 0, debtPoints: 0, growth: 0 })
  expect(await faultOf(part(0, 1))).toMatchObject({ code: 'RETURN_DONE' })
})

describe('the same order reported again', () => {
  test('20 times under other requestIds, for one paid price: one order, one award', async () => {
    const me = await newcomer()
    const visit = await scanned(me)
    const { payableFen } = await clerk(0).api.order.quote.query({ ...visit, fullFen: 5_000 })
    const priced = { ...visit, fullFen: 5_000, couponIds: [], points: 0, payableFen }
    const { holdId } = await clerk(0).api.order.hold.mutate(once(priced))
    const calls = times(20, (n) => clerk(n).api.order.settle.mutate(once({ ...visit, holdId })))
    expect(await endsOf(calls)).toEqual({ answer: 1, HOLD_OVER: 19 })
    expect(await books().order.count({ where: { memberId: me.memberId } })).toBe(1)
    expect((await account(me.memberId)).pendingPoints).toBe(Math.floor(payableFen / 100))
  })

  test('after it was returned: it stays returned, and earns nothing', async () => {
    const me = await newcomer()
    const asked = once({ ...(await scanned(me)), amountFen: 3_000 })
    const first = await clerk(0).api.order.settle.mutate(asked)
    await clerk(0).api.order.return.mutate(once({ orderRef: orderRef(me.memberId, first.orderId) }))
    const again = await Promise.all(times(20, (n) => clerk(n).api.order.settle.mutate(asked)))
    expect(new Set(again.map((answer) => JSON.stringify(answer)))).toEqual(new Set([JSON.stringify(first)]))
    expect(await account(me.memberId)).toMatchObject({ pendingPoints: 0, availablePoints: 0, growth: 0 })
    const under = { kind: 'order', sourceId: first.orderId }
    expect(await books().effect.count({ where: { ...under, part: 'award' } })).toBe(1)
  })

  test('after its member was merged into another: the first answer, no second award, from the source neither', async () => {
    const [gone, kept] = (await newcomers(2)) as [Person, Person]
    const asked = once({ ...(await scanned(gone)), amountFen: 3_000 })
    const first = await clerk(0).api.order.settle.mutate(asked)
    const sourceId = randomUUID()
    await grant(gone.memberId, 40, { sourceId })
    await inTx(inside[0].as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
    const again = await Promise.all(times(20, (n) => clerk(n).api.order.settle.mutate(asked)))
    for (const answer of again) expect(answer).toEqual(first)
    const awards = await Promise.all(times(20, (n) => grant(n % 2 ? kept.memberId : gone.memberId, 40, { sourceId })))
    expect(awards).toEqual(awards.map(() => null))
    expect(await account(kept.memberId)).toMatchObject({ pendingPoints: 30, availablePoints: 40, growth: 30 })
    expect(await account(gone.memberId)).toMatchObject({ pendingPoints: 0, availablePoints: 0, growth: 0 })
  })
})
