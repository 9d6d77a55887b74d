import { randomUUID } from 'node:crypto'
import { codeStep } from '@huiyuan/shared/code'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { findOrder } from '../order'
import { scanVisit } from '../visit/scan-visit'
import { listClashes } from './list-clashes'
import { type SentEntry, type SyncedEntry, syncOffline } from './sync-offline'
import { entryOf, newProvenPhone, newTablet, syncBy, type TestTablet } from './tablet.fixture'
import { listTablets } from './tablets'

const MINUTE = 60_000
const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
let other: TestHouse
let manager: Colleague
let clerk: Colleague
let tablet: TestTablet
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
beforeEach(async () => {
  one.clock.pass(DAY)
  manager = await newStaff(one, { role: 'manager' })
  clerk = await newStaff(one, { shop: manager })
  tablet = await newTablet(manager)
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => Promise.all([one.close(), other.close()]))

const ago = (ms: number) => new Date(one.clock.at.getTime() - ms)
const stepOf = (at: Date) => codeStep(at.getTime())
const member = async () => {
  const person = await newMember(one)
  return { ...person, phone: await newProvenPhone(person) }
}
const sync = (entries: SentEntry[], house = one) => syncBy(house, clerk, tablet, entries)
const only = async (entry: SentEntry): Promise<SyncedEntry> => (await sync([entry]))[0] as SyncedEntry
const booksOf = async (memberId: string) => {
  const { db } = one.as()
  const where = { memberId }
  const [account, orders, lots, visits] = await Promise.all([
    db.account.findUniqueOrThrow({ where }),
    db.order.count({ where }),
    db.lot.count({ where }),
    db.visit.count({ where }),
  ])
  return { pending: account.pendingPoints, growth: account.growth, orders, lots, visits }
}

describe('I-S2: a batch has one effect', () => {
  test('sent ten times, shuffled, cut and overlapping, over two processes at once: the books of once', async () => {
    const people = await Promise.all([member(), member(), member()])
    const sale = fc.record({
      who: fc.nat({ max: people.length - 1 }),
      proven: fc.boolean(),
      wrong: fc.nat({ max: 5 }).map((n) => n === 0),
      amountFen: fc.integer({ min: 100, max: 50_000 }),
    })
    const cuts = fc.infiniteStream(fc.nat({ max: 1_000_000 }))
    let hours = 0
    await fc.assert(
      fc.asyncProperty(fc.array(sale, { minLength: 2, maxLength: 12 }), cuts, async (sales, dice) => {
        hours++
        const before = await Promise.all(people.map(({ memberId }) => booksOf(memberId)))
        const roll = (below: number) => (dice.next().value as number) % below
        const batch = sales.map(({ who, proven, wrong, amountFen }, nth) => {
          const at = ago(hours * 60 * MINUTE - nth * 2 * MINUTE)
          const { phone } = people[who] as (typeof people)[number]
          const code = wrong ? `9${phone.handle}0000000` : (proven ? phone.provenAt : phone.codeAt)(stepOf(at))
          return entryOf(tablet, phone, at, { amountFen, code })
        })
        const sends = Array.from({ length: 10 }, (_, send) => {
          const shuffled = batch.map((entry) => ({ entry, by: roll(1_000) })).sort((a, b) => a.by - b.by)
          const part = send === 0 ? batch : shuffled.slice(roll(batch.length)).map(({ entry }) => entry)
          return sync(part, send % 2 ? other : one)
        })
        const answers = new Map<number, Set<string>>()
        for (const result of (await Promise.all(sends)).flat())
          answers.set(result.sequence, (answers.get(result.sequence) ?? new Set()).add(JSON.stringify(result)))
        expect([...answers.values()].every(({ size }) => size === 1)).toBe(true)
        expect(answers.size).toBe(batch.length)
        for (const [at, { memberId }] of people.entries()) {
          const own = sales.filter(({ who, wrong }) => who === at && !wrong)
          const earned = own.reduce((sum, { amountFen }) => sum + Math.floor(amountFen / 100), 0)
          const was = before[at] as Awaited<ReturnType<typeof booksOf>>
          expect(await booksOf(memberId)).toEqual({
            pending: was.pending + earned,
            growth: was.growth + earned,
            orders: was.orders + own.length,
            lots: was.lots + own.length,
            visits: was.visits + own.length,
          })
        }
      }),
      { numRuns: 4 },
    )
  })

  test('one entry 64 times over two processes: one order, equal answers; beside a merge it is the survivor’s', async () => {
    const [kept, gone] = [await newMember(one), await member()]
    const entry = entryOf(tablet, gone.phone, ago(5 * MINUTE))
    const syncs = Array.from({ length: 64 }, (_, n) => sync([entry], n % 2 ? one : other))
    const merge = inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
    const [results] = await Promise.all([Promise.all(syncs), merge])
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1)
    expect(results[0]).toEqual([
      { sequence: entry.sequence, state: 'settled', orderNo: expect.any(String), points: 68 },
    ])
    expect(await booksOf(kept.memberId)).toEqual({ pending: 68, growth: 68, orders: 1, lots: 1, visits: 1 })
    expect(await booksOf(gone.memberId)).toMatchObject({ pending: 0, orders: 0 })
  })

  test('a member merged away before the sync: the order lands at the survivor, once', async () => {
    const [kept, gone] = [await newMember(one), await member()]
    const entry = entryOf(tablet, gone.phone, ago(DAY), { code: gone.phone.provenAt(stepOf(ago(DAY))) })
    await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
    expect(await only(entry)).toMatchObject({ state: 'settled', points: 68 })
    expect(await only(entry)).toMatchObject({ state: 'settled', points: 68 })
    expect(await booksOf(kept.memberId)).toMatchObject({ pending: 68, orders: 1 })
  })

  test('the order says what it is: granted now, ripe by the day of the sale, told to the other nouns, in the audit', async () => {
    const { registry } = one.house
    const settled = ({ memberId, points, at }: { memberId: string; points: number; at: Date }) => [
      { fn: 'outbox_put', args: { memberId, template: 'test', payload: { points }, at } },
    ]
    const handlers = { ...registry.handlers, 'order.settled': [settled] }
    const told = testHouse(database.url, { clock: one.clock, registry: { ...registry, handlers } })
    const { memberId, phone } = await member()
    const entry = entryOf(tablet, phone, ago(2 * DAY))
    const [{ orderNo } = { orderNo: '' }] = await sync([entry], told)
    await told.close()
    const { db } = one.as()
    const order = await db.order.findFirstOrThrow({ where: { memberId } })
    expect(await findOrder(clerk.ctx, clerk, orderNo as string)).toMatchObject({ amountFen: 6_800 })
    expect(order).toMatchObject({
      orderNo,
      channel: 'offline',
      amountFen: 6_800,
      settledAt: one.clock.at,
      ...{ tillId: tablet.tillId },
    })
    const lot = await db.lot.findFirstOrThrow({ where: { memberId } })
    expect(one.clock.at.getTime() - lot.activeAt.getTime()).toBeLessThan(-12 * DAY)
    expect(one.clock.at.getTime() - lot.activeAt.getTime()).toBeGreaterThan(-13 * DAY - DAY)
    expect(await db.outboxMessage.findMany({ where: { memberId } })).toMatchObject([{ payload: { points: 68 } }])
    const audit = await db.auditEntry.findFirstOrThrow({ where: { storeId: clerk.storeId }, orderBy: { seq: 'desc' } })
    expect(audit).toMatchObject({ verb: 'offline.settle', subject: order.orderId, actorId: clerk.memberId })
    expect((await listTablets(manager.ctx, manager)).tablets[0]?.lastSyncAt).toBe(one.clock.at.toISOString())
  })

  test('the same command answers the same, for another batch it is refused', async () => {
    const { phone } = await member()
    const asked = { requestId: randomUUID(), tabletId: tablet.tabletId, entries: [entryOf(tablet, phone, ago(MINUTE))] }
    const first = await syncOffline(clerk.ctx, clerk, asked)
    expect(await syncOffline(clerk.ctx, clerk, asked)).toEqual(first)
    const entries = [entryOf(tablet, phone, ago(2 * MINUTE))]
    await refusalOf(syncOffline(clerk.ctx, clerk, { ...asked, entries }), 'REQUEST_REUSED')
  })
})

describe('I-S1: a code that was used settles nothing', () => {
  test('online, in another entry, in another store: a clash each, and the money of before stands', async () => {
    const { memberId, phone } = await member()
    const code = phone.codeAt(stepOf(one.clock.at))
    await scanVisit(clerk.ctx, clerk, { requestId: randomUUID(), code, tillId: clerk.tillId })
    expect(await only(entryOf(tablet, phone, one.clock.at))).toMatchObject({ state: 'clash', clash: 'code_used' })
    const at = ago(10 * MINUTE)
    expect(await only(entryOf(tablet, phone, at))).toMatchObject({ state: 'settled' })
    const far = await newStaff(one, { role: 'manager' })
    const theirs = await newTablet(far)
    const proven = entryOf(theirs, phone, at, { code: phone.provenAt(stepOf(at)) })
    expect(await syncBy(one, far, theirs, [proven])).toMatchObject([{ state: 'clash', clash: 'code_used' }])
    expect(await booksOf(memberId)).toMatchObject({ orders: 1, pending: 68 })
    const { clashes } = await listClashes(far.ctx, far)
    expect(clashes).toMatchObject([
      {
        awardable: true,
        usedBefore: { at: at.toISOString(), storeName: '湖滨店', amountFen: null },
        tabletLabel: '前台平板',
      },
    ])
  })

  test('and one that was taken offline opens nothing at a counter; a late entry does not turn the phone’s codes back', async () => {
    const { phone } = await member()
    const now = one.clock.at
    await only(entryOf(tablet, phone, now))
    const scan = (step: number) =>
      scanVisit(clerk.ctx, clerk, { requestId: randomUUID(), code: phone.codeAt(step), tillId: clerk.otherTillId })
    await refusalOf(scan(stepOf(now)), 'CODE_USED')
    await only(entryOf(tablet, phone, ago(DAY)))
    await refusalOf(scan(stepOf(now)), 'CODE_USED')
    await scan(stepOf(now) + 1)
  })

  test('one code in entries of 16 tablets at once, over two processes: one settles', async () => {
    const { memberId, phone } = await member()
    const at = ago(30 * MINUTE)
    const shops = await Promise.all(Array.from({ length: 8 }, () => newStaff(one, { role: 'manager' })))
    const tablets = await Promise.all(
      shops.flatMap((shop) =>
        [shop.tillId, shop.otherTillId].map(async (tillId) => ({ shop, own: await newTablet(shop, tillId) })),
      ),
    )
    const results = await Promise.all(
      tablets.map(({ shop, own }, n) => syncBy(n % 2 ? one : other, shop, own, [entryOf(own, phone, at)])),
    )
    const ends = results.flat().map(({ state, clash }) => clash ?? state)
    expect(ends.filter((end) => end === 'settled')).toHaveLength(1)
    expect(ends.filter((end) => end === 'code_used')).toHaveLength(15)
    expect(await booksOf(memberId)).toMatchObject({ orders: 1, pending: 68 })
  })
})
