import { randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listRewards } from '../../bff/src/mall/list-rewards'
import { exchange, HOUR, saver } from '../../bff/src/mall/mall.fixture'
import { releaseHold } from '../../bff/src/order/release-hold'
import { settleOrder } from '../../bff/src/order/settle-order'
import { listRights } from '../../bff/src/right/list-rights'
import { testDatabase } from '../../test/support/database'
import { NOON, newMember, newStaff, newVisit, type TestHouse, testHouse } from '../../test/support/people'
import { expectPromisesHold } from '../../test/support/promises'
import { refusalOf } from '../../test/support/refusals'
import { createDatabase, dropDatabase, withDatabase } from './databases'
import { MIGRATIONS, migrate, readMigrations } from './migrate'

const FIRST_WITH_RIGHTS = '20261122140000_books_tiers_rights'
const database = testDatabase()
let url: string
let name: string
let house: TestHouse

/** Rewards as they were when a reward itself said from which tier on somebody comes early. */
const OLD = [
  { id: 'platinum_48', tier: 3, hours: 48 },
  { id: 'platinum_48_too', tier: 3, hours: 48 },
  { id: 'gold_24', tier: 2, hours: 24 },
  { id: 'no_earlier', tier: 4, hours: 0 },
  { id: 'nobody', tier: null, hours: null },
]

const BUYER = randomUUID()
const [KEPT, RETURNED] = [randomUUID(), randomUUID()]

/** Two purchases as they were when an order came back whole or not at all. */
async function buyAsOnce() {
  const { prisma } = house.house
  for (const [id, state, back] of [
    [KEPT, 'settled', null],
    [RETURNED, 'returned', NOON],
  ] as const)
    await prisma.$executeRaw`
      INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, full_fen, amount_fen,
                            points, growth, settled_at, state, returned_at, returned_by)
      VALUES (${BUYER}::uuid, ${id}::uuid, ${id.slice(0, 12)}, ${BUYER}::uuid, 'hubin', 'hubin-1', ${BUYER}::uuid, 'counter', 6800, 6800,
              68, 68, ${NOON}, ${state}, ${back}, ${back ? BUYER : null}::uuid)`
  await prisma.$executeRaw`
    INSERT INTO effect (kind, source_id, part, member_id, at) VALUES ('order', ${RETURNED}, 'take_back', ${BUYER}::uuid, ${NOON})`
  for (const unit of ['points', 'growth'])
    await prisma.$executeRaw`
      INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, effect_kind, effect_source, at)
      VALUES (${BUYER}::uuid, ${randomUUID()}::uuid, ${unit}, ${unit === 'points' ? 'member:debt' : 'member:growth'}, 'programme:issued', 68,
              'purchase_returned', '{}', 'order', ${RETURNED}, ${NOON})`
}

const [HELD, GIVEN_UP] = [randomUUID(), randomUUID()]

/** Two prices as they were held when there was one coupon an order, both still under way. */
async function holdAsOnce() {
  const { prisma } = house.house
  const until = new Date(NOON.getTime() + 10 * 60_000)
  await prisma.$executeRaw`
    INSERT INTO coupon_template (template_id, title, kind, amount_off_fen, threshold_fen, valid_days, rules)
    VALUES ('eight', '减 8', 'amount_off', 800, 0, 30, '')`
  for (const hold of [HELD, GIVEN_UP]) {
    await prisma.$executeRaw`
      INSERT INTO coupon (member_id, coupon_id, template_id, state, granted_at, valid_from, expires_at, effect_kind, effect_source, effect_part,
                          hold_id, held_until)
      VALUES (${BUYER}::uuid, ${hold}::uuid, 'eight', 'held', ${NOON}, ${NOON}, ${until}, 'claim', ${hold}, 'coupon:eight', ${hold}::uuid, ${until})`
    await prisma.$executeRaw`
      INSERT INTO order_hold (member_id, hold_id, visit_id, store_id, till_id, staff_id, full_fen, payable_fen, receipt, coupon_id, state, held_at,
                              expires_at)
      VALUES (${BUYER}::uuid, ${hold}::uuid, ${hold}::uuid, 'hubin', 'hubin-1', ${BUYER}::uuid, 6800, 6000, '[]', ${hold}::uuid, 'live', ${NOON}, ${until})`
  }
}

beforeAll(async () => {
  name = `${new URL(database.url).pathname.slice(1)}_tiers`
  await createDatabase(database.url, name)
  url = withDatabase(database.url, name)
  const folder = mkdtempSync(join(tmpdir(), 'huiyuan-before-'))
  const before = readMigrations().filter((migration) => migration.name < FIRST_WITH_RIGHTS)
  for (const migration of before)
    cpSync(join(MIGRATIONS, migration.name), join(folder, migration.name), { recursive: true })
  await migrate(url, folder)
  rmSync(folder, { recursive: true })
  house = testHouse(url, { connections: 4 })
  const publicAt = new Date(NOON.getTime() + 12 * HOUR)
  for (const { id, tier, hours } of OLD)
    await house.house.prisma.$executeRaw`
      INSERT INTO reward (reward_id, title, subtitle, art, kind, points, public_at, early_tier, early_hours, rules)
      VALUES (${id}, '龙井', '', 'tin', 'pickup', 100, ${publicAt}, ${tier}, ${hours}, '')`
  await buyAsOnce()
  await holdAsOnce()
  await migrate(url)
})
afterAll(async () => {
  await house.close()
  await dropDatabase(database.url, name)
})

const member = async (tier: number) => {
  const me = await saver(house)
  await house.as().db.standing.update({ where: { memberId: me.memberId }, data: { tier } })
  return me
}

test('who came early by their tier comes early by a right of that tier, as many hours and as often', async () => {
  const [gold, platinum] = [await member(2), await member(3)]
  const { rights } = await listRights(platinum.ctx)
  expect(
    rights.map((right) => [
      right.rightId,
      right.tierFrom,
      'payload' in right && right.payload,
      right.quota,
      right.state,
    ]),
  ).toEqual([
    ['early_2_24', 2, { hours: 24 }, null, 'available'],
    ['early_3_48', 3, { hours: 48 }, null, 'available'],
  ])
  const open = async (who: typeof gold) =>
    (await listRewards(who.ctx)).rewards.filter(({ refusal }) => refusal === null).map(({ rewardId }) => rewardId)
  expect((await open(platinum)).sort()).toEqual(['gold_24', 'platinum_48', 'platinum_48_too'])
  // a day before the public, a right of gold opens what platinum may have two days before, too
  expect((await open(gold)).sort()).toEqual(['gold_24', 'platinum_48', 'platinum_48_too'])
  const { redemption } = await exchange(platinum.ctx, { rewardId: 'platinum_48', points: 100 })
  expect(redemption.rightTitle).toBe('早享')
  await refusalOf(exchange(platinum.ctx, { rewardId: 'nobody', points: 100 }), 'REWARD_NOT_OPEN')
  await refusalOf(exchange((await member(1)).ctx, { rewardId: 'gold_24', points: 100 }), 'REWARD_NOT_OPEN')
  await expectPromisesHold(house.as().db, house.clock.at)
})

test('what had come back came back whole, in one return; what had not can still come back in parts', async () => {
  const { db } = house.as()
  expect(await db.order.findFirst({ where: { orderId: KEPT } })).toMatchObject({ state: 'settled', refundedFen: 0 })
  expect(await db.order.findFirst({ where: { orderId: RETURNED } })).toMatchObject({ refundedFen: 6_800 })
  const whole = { nth: 1, amountFen: 6_800, points: 68, growth: 68, staffId: BUYER, at: NOON }
  expect(await db.orderReturn.findMany({ where: { memberId: BUYER } })).toEqual([
    { memberId: BUYER, orderId: RETURNED, lines: null, pointsBack: 0, ...whole },
  ])
  await expectPromisesHold(db, house.clock.at)
})

test('a price that was under way with its coupon is paid, or gives it back', async () => {
  const clerk = await newStaff(house)
  const guest = await newMember(house)
  const { visitId, memberRef } = await newVisit(house, guest, clerk)
  const { db } = house.as()
  // the same rows, of somebody who is a member of the new release
  await db.orderHold.updateMany({ where: { memberId: BUYER }, data: { memberId: guest.memberId, visitId } })
  await db.coupon.updateMany({ where: { memberId: BUYER }, data: { memberId: guest.memberId } })
  const stay = { requestId: randomUUID(), visitId, memberRef }
  const paid = { amountFen: 6_000, points: 60, pointsUsed: 0, lines: [] }
  expect(await settleOrder(clerk.ctx, clerk, { ...stay, holdId: HELD })).toMatchObject(paid)
  expect(await releaseHold(clerk.ctx, clerk, { ...stay, holdId: GIVEN_UP })).toEqual({ released: true })
  const states = (await db.coupon.findMany({ where: { templateId: 'eight' } })).map((own) => [own.couponId, own.state])
  expect(Object.fromEntries(states)).toEqual({ [HELD]: 'used', [GIVEN_UP]: 'granted' })
  await expectPromisesHold(db, house.clock.at)
})
