import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, programmeTotals } from '../../../test/support/ledger'
import { type Colleague, newPhone, newStaff, newVisit, type TestHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { settleDueLots } from '../ledger'
import { settleOrder } from '../order'
import { findVisit } from '../visit/find-visit'
import { scanVisit } from '../visit/scan-visit'
import { account, award, memberHouse, mergedInto, newMember, newNumber, oldCard, owe, times } from './member.fixture'
import { mergeMember } from './merge-member'

const database = testDatabase()
let one: TestHouse
let two: TestHouse
let clerk: Colleague
beforeAll(async () => {
  one = memberHouse(database.url)
  two = memberHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), two.warm()])
  clerk = await newStaff(one)
})
afterAll(() => Promise.all([one.close(), two.close()]))

const merge = (survivorId: string, otherId: string, house = one) =>
  inTx(house.as(), (tx) => mergeMember(tx, survivorId, otherId))
const lots = (memberId: string) =>
  one.house.prisma.lot.findMany({ where: { memberId, remaining: { gt: 0 } }, orderBy: { expiresAt: 'asc' } })
const standing = (memberId: string) => one.house.prisma.standing.findUniqueOrThrow({ where: { memberId } })

test('I-ID2, I-L2: points move lot by lot with their own days and origin, growth too; nothing is made or lost', async () => {
  const [me, other] = await Promise.all([newMember(one), oldCard(one, { points: 0 })])
  await award(one, other.memberId, { points: 30, expiresInDays: 10 })
  await award(one, other.memberId, { points: 68, growth: 1_500, activeInDays: 15, expiresInDays: 400 })
  await award(one, me.memberId, { points: 5, growth: 600 })
  const [before, theirs] = [await programmeTotals(one.house.prisma), await lots(other.memberId)]
  expect(await merge(me.memberId, other.memberId)).toMatchObject({ points: 98, growth: 1_500 })
  const moved = await lots(me.memberId)
  for (const { originLotId, remaining, state, activeAt, expiresAt } of theirs)
    expect(moved).toContainEqual(expect.objectContaining({ originLotId, remaining, state, activeAt, expiresAt }))
  expect(moved).toHaveLength(3)
  expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 35, pendingPoints: 68, growth: 2_100 })
  expect(await account(one, other.memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 0, growth: 0 })
  expect(await programmeTotals(one.house.prisma)).toEqual(before)
  // both growths together reach what neither did
  expect(await standing(me.memberId)).toMatchObject({ tier: 3 })
  await expectLedgerHolds(one.house.prisma)
})

test('a lot that moved twice still names the lot it was earned in, and matures once', async () => {
  const [a, b, c] = await Promise.all([newMember(one), newMember(one), newMember(one)])
  const earned = await award(one, a.memberId, { points: 40, activeInDays: 1 })
  await merge(b.memberId, a.memberId)
  await merge(c.memberId, b.memberId)
  expect(await lots(c.memberId)).toMatchObject([{ originLotId: earned?.lotId, remaining: 40 }])
  one.clock.pass(DAY_MS)
  await settleDueLots(one.as(), { batch: 100 })
  expect(await account(one, c.memberId)).toMatchObject({ availablePoints: 40, pendingPoints: 0 })
  await expectLedgerHolds(one.house.prisma)
})

test('what is owed moves too, and is paid at once by what is there', async () => {
  const [me, other] = await Promise.all([newMember(one), oldCard(one, { points: 0 })])
  await owe(one, other.memberId, 50)
  await award(one, me.memberId, { points: 30, expiresInDays: 5 })
  await award(one, me.memberId, { points: 30, expiresInDays: 50 })
  await merge(me.memberId, other.memberId)
  expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 10, debtPoints: 0 })
  expect(await lots(me.memberId)).toMatchObject([{ remaining: 10, earned: 30 }])
  expect(await account(one, other.memberId)).toMatchObject({ debtPoints: 0 })
  await expectLedgerHolds(one.house.prisma)
})

describe('the tier is the higher of the two', () => {
  const held = async (tier: number, validUntil: string) => {
    const person = await newMember(one)
    const data = { tier, validUntil: new Date(validUntil) }
    await one.house.prisma.standing.update({ where: { memberId: person.memberId }, data })
    return person.memberId
  }
  test.each<[string, [number, string], [number, string], object]>([
    ['the other’s', [1, '2027-12-31'], [4, '2027-01-31'], { tier: 4, validUntil: new Date('2027-01-31') }],
    ['its own', [4, '2027-01-31'], [1, '2027-12-31'], { tier: 4, validUntil: new Date('2027-01-31') }],
    [
      'of two equal ones the safer',
      [2, '2027-01-31'],
      [2, '2027-12-31'],
      { tier: 2, validUntil: new Date('2027-12-31') },
    ],
  ])('%s', async (_words, mine, theirs, after) => {
    const [me, other] = await Promise.all([held(...mine), held(...theirs)])
    await merge(me, other)
    expect(await standing(me)).toMatchObject(after)
  })
})

test('I-ID5: no chain of merges loses a printed number; each still finds the last survivor', async () => {
  const cards = [await oldCard(one), await oldCard(one), await oldCard(one)]
  const me = await newMember(one)
  const [a, b, c] = cards.map(({ memberId }) => memberId) as [string, string, string]
  await merge(b, a)
  await merge(c, b)
  await merge(me.memberId, c)
  for (const card of [...cards, me]) {
    const asked = { requestId: randomUUID(), tillId: clerk.tillId, memberNo: card.memberNo }
    const visit = await findVisit(clerk.ctx, clerk, asked)
    expect(visit.member.memberNoLast4).toBe(me.memberNo.slice(-4))
  }
  for (const gone of [a, b, c]) expect(await mergedInto(one, gone)).toBe(me.memberId)
})

test('the code of the other record’s phone opens a visit of the survivor', async () => {
  const [me, other] = await Promise.all([newMember(one), newMember(one)])
  const phone = await newPhone(other)
  await merge(me.memberId, other.memberId)
  const code = phone.codeAt(Math.floor(one.clock.at.getTime() / 30_000))
  await scanVisit(clerk.ctx, clerk, { requestId: randomUUID(), code, tillId: clerk.tillId })
  expect(await one.house.prisma.visit.count({ where: { memberId: me.memberId } })).toBe(1)
})

test('waiting messages, their consents, sessions, orders and consents go along; the name fills an empty one', async () => {
  const [me, other] = await Promise.all([newMember(one), newMember(one, { name: '小满' })])
  const db = one.house.prisma
  await db.member.update({ where: { memberId: me.memberId }, data: { nameSealed: null } })
  const visit = await newVisit(one, other, clerk)
  const paid = { requestId: randomUUID(), visitId: visit.visitId, memberRef: visit.memberRef, amountFen: 6_800 }
  await settleOrder(clerk.ctx, clerk, paid)
  const both = [me.memberId, other.memberId]
  for (const memberId of both)
    await one.house.sql('outbox_allow', { memberId, template: 'points_arrived', count: 2, at: one.clock.at })
  await one.house.sql('outbox_put', {
    memberId: other.memberId,
    template: 'phone_moved',
    payload: {},
    at: one.clock.at,
  })
  const place = { deviceLabel: 'x', platform: 'h5', createdAt: one.clock.at, rotatedAt: one.clock.at }
  const sessionId = randomUUID()
  await db.session.create({ data: { ...place, memberId: other.memberId, sessionId, expiresAt: one.clock.at } })

  await merge(me.memberId, other.memberId)
  const where = { memberId: me.memberId }
  expect(await db.outboxMessage.count({ where })).toBe(1)
  expect(await db.messageConsent.findMany({ where })).toMatchObject([{ remaining: 4 }])
  expect(await db.session.count({ where: { ...where, sessionId } })).toBe(1)
  expect(await db.order.count({ where })).toBe(1)
  expect(await db.consent.count({ where })).toBe(1)
  const named = await db.member.findUniqueOrThrow({ where })
  expect(one.house.keys.openText(named.nameSealed as Uint8Array)).toBe('小满')
  for (const table of [db.identity, db.memberNo, db.device, db.visit, db.order, db.outboxMessage, db.session] as {
    count: typeof db.identity.count
  }[])
    expect(await table.count({ where: { memberId: other.memberId } })).toBe(0)
})

test('of two phones the one proven last stays', async () => {
  const me = await newMember(one, { phone: newNumber(), joinedDaysAgo: 9 })
  const other = await newMember(one, { phone: newNumber(), joinedDaysAgo: 3 })
  await merge(me.memberId, other.memberId)
  const phones = await one.house.prisma.identity.findMany({ where: { memberId: me.memberId, kind: 'phone' } })
  expect(phones.map(({ subject }) => subject)).toEqual([one.house.keys.hash('phone', other.phone)])
})

test('a member is not merged with a merged one, a cancelled one or itself', async () => {
  const [a, b, c] = await Promise.all([newMember(one), newMember(one), newMember(one)])
  await merge(a.memberId, b.memberId)
  await refusalOf(merge(a.memberId, b.memberId), 'BUSY')
  await refusalOf(merge(b.memberId, c.memberId), 'BUSY')
  await refusalOf(merge(c.memberId, c.memberId), 'MERGE_BLOCKED')
  await one.house.prisma.member.update({ where: { memberId: c.memberId }, data: { status: 'cancelled' } })
  expect(await refusalOf(merge(a.memberId, c.memberId), 'MERGE_BLOCKED')).toEqual({ blocker: 'not_active' })
})

describe('at once', () => {
  test('I-ID2: merges of one pair from both sides, 32 times over two processes: one happens', async () => {
    const [a, b] = await Promise.all([newMember(one), newMember(one)])
    await Promise.all([a, b].map(({ memberId }) => award(one, memberId, { points: 10, growth: 10 })))
    const tries = times(32, (n) => {
      const [survivor, other] = n % 2 ? [a, b] : [b, a]
      return merge(survivor.memberId, other.memberId, n % 4 < 2 ? one : two)
    })
    expect(await endsOf(tries)).toEqual({ answer: 1, BUSY: 31 })
    const sums = await Promise.all([a, b].map(({ memberId }) => account(one, memberId)))
    expect(sums.map(({ availablePoints }) => availablePoints).sort()).toEqual([0, 20])
    await expectLedgerHolds(one.house.prisma)
  })

  test('I-L5, I-ID2: 32 settles and matured lots of both beside the merge: no point is lost or doubled', async () => {
    const [me, other] = await Promise.all([newMember(one), newMember(one)])
    for (const { memberId } of [me, other])
      await Promise.all(times(8, () => award(one, memberId, { points: 7, activeInDays: 1 })))
    one.clock.pass(DAY_MS)
    const visits = await Promise.all([me, other].map((who) => newVisit(one, who, clerk)))
    const settles = times(32, (n) => {
      const { visitId, memberRef } = visits[n % 2] as (typeof visits)[number]
      const at = (n % 4 < 2 ? one : two).as(clerk.memberId)
      return settleOrder(at, clerk, { requestId: randomUUID(), visitId, memberRef, amountFen: 100 })
    })
    const beside = [
      merge(me.memberId, other.memberId),
      settleDueLots(two.as(), { batch: 50 }),
      ...[me, other].map(({ memberId }) => one.house.sql('ledger_settle_lots', { memberId, at: one.clock.at })),
    ]
    expect(await endsOf([...settles, ...beside])).toEqual({ answer: 36 })
    await settleDueLots(one.as(), { batch: 50 })
    const own = { availablePoints: 112, pendingPoints: 32, growth: 32 }
    expect(await account(one, me.memberId)).toMatchObject(own)
    expect(await account(one, other.memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 0, growth: 0 })
    expect(await one.house.prisma.order.count({ where: { memberId: me.memberId } })).toBe(32)
    await expectLedgerHolds(one.house.prisma)
  })
})
