import { testDatabase } from '../../../test/support/database'
import { heldClock, newMember, openHouse, type TestHouse } from '../outbox/outbox.fixture'
import { settleDueLots } from './settle-due-lots'

const DAY = 86_400_000
const database = testDatabase()
const clock = heldClock()
let one: TestHouse
let two: TestHouse
beforeAll(() => {
  one = openHouse(database.url, { clock })
  two = openHouse(database.url, { clock })
})
afterAll(() => Promise.all([one.close(), two.close()]))

let born = 0
/** 68 points that become spendable in 15 days and end in 100. */
async function earned(memberId: string) {
  const at = one.house.now()
  await one.house.sql('ledger_award', {
    memberId,
    at,
    kind: 'test',
    sourceId: `s${++born}`,
    points: 68,
    growth: 0,
    activeAt: new Date(at.getTime() + 15 * DAY),
    expiresAt: new Date(at.getTime() + 100 * DAY),
    reason: 'purchase',
    detail: {},
  })
}
async function members(count: number) {
  const all = await Promise.all(Array.from({ length: count }, () => newMember(one)))
  for (const { memberId } of all) await earned(memberId)
  return all.map(({ memberId }) => memberId)
}
const account = (memberId: string) => one.ctx.db.account.findUniqueOrThrow({ where: { memberId } })
const transfers = (memberId: string, reason: string) => one.ctx.db.transfer.count({ where: { memberId, reason } })
const NONE = { members: 0, matured: 0, expired: 0, failed: 0 }

test('points wait until their day, then can be spent, then end; each once', async () => {
  const [memberId] = (await members(1)) as [string]
  expect(await settleDueLots(one.ctx, { batch: 10 })).toEqual(NONE)
  clock.pass(15 * DAY - 1)
  expect(await settleDueLots(one.ctx, { batch: 10 })).toEqual(NONE)
  clock.pass(1)
  expect(await settleDueLots(one.ctx, { batch: 10 })).toEqual({ members: 1, matured: 68, expired: 0, failed: 0 })
  expect(await settleDueLots(one.ctx, { batch: 10 })).toEqual(NONE)
  expect(await account(memberId)).toMatchObject({ availablePoints: 68, pendingPoints: 0 })
  clock.pass(85 * DAY)
  expect(await settleDueLots(one.ctx, { batch: 10 })).toEqual(NONE)
  clock.pass(1)
  expect(await settleDueLots(one.ctx, { batch: 10 })).toEqual({ members: 1, matured: 0, expired: 68, failed: 0 })
  expect(await account(memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 0 })
})

test('a house that slept through both days does both, in order', async () => {
  const [memberId] = (await members(1)) as [string]
  clock.pass(200 * DAY)
  expect(await settleDueLots(one.ctx, { batch: 10 })).toEqual({ members: 1, matured: 68, expired: 68, failed: 0 })
  expect(await account(memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 0 })
})

test('batches, and two workers at once: every lot once, the books are right', async () => {
  const all = await members(12)
  for (const memberId of all.slice(0, 4)) await earned(memberId)
  clock.pass(15 * DAY)
  let rounds = 0
  for (let due = 12; due > 0; rounds++) {
    const [a, b] = await Promise.all([settleDueLots(one.ctx, { batch: 5 }), settleDueLots(two.ctx, { batch: 5 })])
    due = Math.max(a.members, b.members)
    expect(due).toBeLessThanOrEqual(5)
  }
  expect(rounds).toBeLessThanOrEqual(4)
  for (const memberId of all) {
    const lots = await one.ctx.db.lot.count({ where: { memberId } })
    expect(await account(memberId)).toMatchObject({ availablePoints: 68 * lots, pendingPoints: 0 })
    expect(await transfers(memberId, 'matured')).toBe(lots)
  }
})

test('one member whose lots cannot be settled keeps nobody else waiting', async () => {
  const [bad] = (await members(3)) as [string, string, string]
  clock.pass(15 * DAY)
  const sql: TestHouse['house']['sql'] = (fn, args) =>
    (args as { memberId: string }).memberId === bad ? Promise.reject(new Error('stuck')) : one.house.sql(fn, args)
  expect(await settleDueLots({ ...one.ctx, sql }, { batch: 10 })).toEqual({
    members: 3,
    matured: 136,
    expired: 0,
    failed: 1,
  })
  expect(one.lines.join()).toContain('lots were not settled')
  expect(await settleDueLots(one.ctx, { batch: 10 })).toEqual({ members: 1, matured: 68, expired: 0, failed: 0 })
})
