import { createHash, randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DAY_MS } from '@huiyuan/shared/time'
import { newCoupon } from '../../bff/src/coupon/coupon.fixture'
import { inTx } from '../../bff/src/ctx'
import { mergeMember } from '../../bff/src/member'
import { mergeTerms } from '../../bff/src/member/merge-member'
import { orderRefOf } from '../../bff/src/order/order-ref'
import { returnOrder } from '../../bff/src/order/return-order'
import { showReferral } from '../../bff/src/referral/show-referral'
import { registry } from '../../bff/src/registry'
import { testDatabase } from '../../test/support/database'
import { expectLedgerHolds } from '../../test/support/ledger'
import {
  type Colleague,
  newMember,
  newStaff,
  newVisit,
  type Person,
  type TestHouse,
  testHouse,
} from '../../test/support/people'
import { expectPromisesHold } from '../../test/support/promises'
import { refusalOf } from '../../test/support/refusals'
import { createDatabase, dropDatabase, withDatabase } from './databases'
import { MIGRATIONS, migrate } from './migrate'

const FIRST = '20261122000000_spine'
const database = testDatabase()
let name: string
let url: string
let former: TestHouse
let house: TestHouse
let clerk: Colleague
let mei: Person
let before: Awaited<ReturnType<typeof figures>>
const bought: { orderId: string; requestId: string; visitId: string }[] = []

/** What a server of the first migration asked for when somebody had paid. */
async function settleAsOnce(amountFen: number, { requestId = randomUUID() as string, visitId = '' } = {}) {
  const at = house.clock.at
  const stay = visitId || (await newVisit(house, mei, clerk)).visitId
  const orderId = randomUUID()
  const points = amountFen / 100
  const bodyHash = createHash('sha256').update(String(amountFen)).digest('hex')
  const answer = await house.house.sql<{ orderId: string; pointsAfter: object }>('order_settle', {
    request: { actor: `m:${clerk.memberId}`, verb: 'order.settle', requestId, bodyHash, at },
    ...{ staffId: clerk.memberId, memberId: mei.memberId, visitId: stay, orderId, orderNo: orderId.slice(0, 12) },
    ...{ amountFen, points, growth: points, at, activeAt: new Date(at.getTime() + 15 * DAY_MS) },
    ...{ expiresAt: new Date(at.getTime() + 365 * DAY_MS), validUntil: new Date(at.getTime() + 365 * DAY_MS) },
    ladder: [{ tier: 1, atGrowth: 0 }],
    along: [
      {
        fn: 'outbox_put',
        args: { memberId: mei.memberId, template: 'points_arrived', payload: {}, at, ifAllowed: true },
      },
    ],
  })
  bought.push({ orderId: answer.orderId, requestId, visitId: stay })
  return answer
}

const figures = async () => {
  const { db } = house.as()
  const where = { memberId: mei.memberId }
  return {
    account: await db.account.findUnique({ where }),
    standing: await db.standing.findUnique({ where, select: { tier: true, since: true, validUntil: true } }),
    lots: await db.lot.findMany({ where, orderBy: { lotId: 'asc' } }),
    transfers: await db.transfer.findMany({ where, orderBy: { transferId: 'asc' } }),
  }
}

beforeAll(async () => {
  name = `${new URL(database.url).pathname.slice(1)}_old`
  await createDatabase(database.url, name)
  url = withDatabase(database.url, name)
  const folder = mkdtempSync(join(tmpdir(), 'huiyuan-first-'))
  cpSync(join(MIGRATIONS, FIRST), join(folder, FIRST), { recursive: true })
  expect(await migrate(url, folder)).toEqual([FIRST])
  rmSync(folder, { recursive: true })

  const old = { ...registry, openSteps: ['ledger_open', 'tier_open'] }
  house = testHouse(url, { registry: old, connections: 4 })
  clerk = await newStaff(house)
  mei = await newMember(house, { joinedAt: new Date(house.clock.at.getTime() - 400 * DAY_MS) })
  await settleAsOnce(6_800)
  house.clock.pass(60_000)
  await settleAsOnce(3_200)
  before = await figures()
  expect(await migrate(url)).toEqual(expect.arrayContaining(['20261122090000_four_features']))
  former = house
  house = testHouse(url, { clock: house.clock, connections: 4 })
})
afterEach(async () => {
  await expectLedgerHolds(house.as().db)
  await expectPromisesHold(house.as().db, house.clock.at)
})
afterAll(async () => {
  await Promise.all([house.close(), former.close()])
  await dropDatabase(database.url, name)
})

test('a database of the first release keeps its figures', async () => {
  expect(await figures()).toEqual(before)
  expect(before.account).toMatchObject({ pendingPoints: 100, growth: 100 })
  const { db } = house.as()
  const orders = await db.order.findMany({ where: { memberId: mei.memberId } })
  expect(orders).toHaveLength(2)
  for (const order of orders) expect(order).toMatchObject({ fullFen: order.amountFen, state: 'settled', holdId: null })
  const { joinedAt } = await db.member.findUniqueOrThrow({ where: { memberId: mei.memberId } })
  for (const { firstAt } of await db.identity.findMany({ where: { memberId: mei.memberId } }))
    expect(firstAt).toEqual(joinedAt)
})

test('who was a member before gets a link of their own when they look for it, and keeps it', async () => {
  const me = { ...mei, ctx: house.as(mei.memberId) }
  const { code } = await showReferral(me.ctx)
  expect(code).toMatch(/^[0-9A-Za-z]{8}$/)
  expect((await showReferral(me.ctx)).code).toBe(code)
})

test('a purchase of before is taken back', async () => {
  const { orderId } = bought[0] as (typeof bought)[0]
  const orderRef = orderRefOf(house.house.keys, { memberId: mei.memberId, orderId, visitId: null })
  const back = await returnOrder(house.as(clerk.memberId), clerk, { requestId: randomUUID(), orderRef })
  expect(back).toMatchObject({
    refundedFen: 6_800,
    points: { pending: 68, available: 0, debt: 0 },
    growth: 68,
    coupons: [],
  })
  expect(await house.as().db.account.findUnique({ where: { memberId: mei.memberId } })).toMatchObject({
    pendingPoints: 32,
    growth: 32,
  })
})

test('an older server beside the new one settles, and is answered what was answered before', async () => {
  const again = bought[1] as (typeof bought)[0]
  expect((await settleAsOnce(3_200, again)).orderId).toBe(again.orderId)
  const { orderId } = await settleAsOnce(5_000)
  const order = await house.as().db.order.findFirst({ where: { orderId } })
  expect(order).toMatchObject({ fullFen: 5_000, amountFen: 5_000, state: 'settled' })
})

test('an older server beside the new one holds a price with its one coupon, and gives it up', async () => {
  const { visitId } = await newVisit(house, mei, clerk)
  const at = house.clock.at
  const couponId = await newCoupon(house, mei.memberId)
  const asked = (verb: string) => ({
    request: { actor: `m:${clerk.memberId}`, verb, requestId: randomUUID(), bodyHash: 'a'.repeat(64), at },
    ...{ staffId: clerk.memberId, memberId: mei.memberId, visitId, holdId: couponId, at },
  })
  const price = { fullFen: 5_000, payableFen: 4_200, couponId, tier: 1, receipt: [], fault: null }
  const expiresAt = new Date(at.getTime() + 600_000)
  const held = await house.house.sql('order_hold', { ...asked('order.hold'), ...price, expiresAt })
  expect(held).toMatchObject({ payableFen: 4_200, couponIds: [couponId], pointsUsed: 0, lines: [] })
  expect(await house.house.sql('order_release', asked('order.release'))).toEqual({ released: true })
  expect(await house.as().db.coupon.findFirst({ where: { couponId } })).toMatchObject({ state: 'granted' })
})

test('an older server beside the new one takes an order back whole, also the rest of one that came back in part', async () => {
  const at = house.clock.at
  const { db } = house.as()
  for (const parts of [[], [1_000]]) {
    const { orderId } = await settleAsOnce(4_000)
    const orderRef = orderRefOf(house.house.keys, { memberId: mei.memberId, orderId, visitId: null })
    for (const refundFen of parts)
      await returnOrder(house.as(clerk.memberId), clerk, { requestId: randomUUID(), orderRef, refundFen })
    const of = { memberId: mei.memberId, orderId, at }
    const back = await house.house.sql('order_return', {
      request: {
        actor: `m:${clerk.memberId}`,
        verb: 'order.return',
        requestId: randomUUID(),
        bodyHash: 'a'.repeat(64),
        at,
      },
      ...{ ...of, staffId: clerk.memberId, visitId: null, until: new Date(at.getTime() + DAY_MS), growthMonths: 12 },
      ladder: [{ tier: 1, atGrowth: 0 }],
      along: ['coupon_return', 'referral_on_return'].map((fn) => ({ fn, args: of })),
    })
    expect(back).toMatchObject({ refundedFen: parts.length ? 3_000 : 4_000, points: { debt: 0 } })
    expect(await db.order.findFirst({ where: { orderId } })).toMatchObject({ state: 'returned', refundedFen: 4_000 })
    expect(await db.orderReturn.count({ where: { orderId } })).toBe(parts.length + 1)
  }
})

test('an older server neither merges, parts nor erases: it would leave behind what it does not know', async () => {
  const other = await newMember(house)
  const merge = { from: other.memberId, to: mei.memberId, at: house.clock.at }
  await refusalOf(house.house.sql('member_merge', merge), 'BUSY')
  const where = { memberId: { in: [mei.memberId, other.memberId] } }
  const identities = () =>
    house.house.prisma.identity.findMany({ where, omit: { homeId: true }, orderBy: { subject: 'asc' } })
  // as they lie there since the release before
  await house.house.prisma.identity.updateMany({ where, data: { homeId: null } })
  const before = await identities()
  const { mergeId } = await inTx(house.as(), (tx) => mergeMember(tx, mei.memberId, other.memberId))
  const undo = { mergeId, at: house.clock.at, staffId: clerk.memberId, note: '认错了人', charge: 'survivor' }
  // the release before names no step of pictures and news: it merges, parts and erases nobody
  const without = (steps: string[], step: string) => steps.filter((one) => one !== step)
  const half = { ...mergeTerms(house.as()), steps: without(registry.mergeSteps, 'upload_merge') }
  await refusalOf(house.house.sql('merge_run', { ...merge, ...half }), 'BUSY')
  const parting = { ...undo, ...mergeTerms(house.as()), undoSteps: without(registry.undoSteps, 'member_unmerge') }
  await refusalOf(house.house.sql('merge_undo_run', parting), 'BUSY')
  const leaving = { memberId: mei.memberId, at: house.clock.at, steps: without(registry.eraseSteps, 'upload_erase') }
  await refusalOf(house.house.sql('cancellation_erase', leaving), 'BUSY')
  await house.house.sql('merge_undo_run', { ...undo, undoSteps: registry.undoSteps, ...mergeTerms(house.as()) })
  expect(await identities()).toEqual(before)
})
