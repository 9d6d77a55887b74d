import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newMember, newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { snapshotOf } from '../merge/before-after.fixture'
import { merged, undone } from '../merge/undo.fixture'
import { toRefusal } from '../refusal'
import { findVisit } from '../visit/find-visit'
import { listRights } from './list-rights'
import { newRightOf, usesOf } from './right.fixture'
import { showAtCounter } from './show-at-counter'
import { useRight } from './use-right'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
let clerk: Colleague
let friend: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
  clerk = await newStaff(one)
  friend = await newStaff(one)
})
afterEach(() => expectPromisesHold(one.as().db, one.clock.at))
afterAll(() => Promise.all([one.close(), other.close()]))

const TWICE = { tierFrom: 1, quota: 2, period: 'month' as const }
const free = (more = {}) => newRightOf(one, 'free_service', { words: '加一份料' }, { ...TWICE, ...more })
const nextMonth = '2026-11-30T16:00:00.000Z'
type Stay = { visitId: string; memberRef: string }
const use = (by: Colleague, stay: Stay, rightId: string, requestId = randomUUID(), test = one) => {
  const { visitId, memberRef } = stay
  return useRight(test.as(by.memberId), by, { requestId, visitId, memberRef, rightId })
}
/** One customer at the tills of two shops. */
async function atTwoTills() {
  const me = await newMember(one)
  return { ...me, here: await newVisit(one, me, clerk), there: await newVisit(one, me, friend) }
}

test('I-R1: 64 clerks’ taps at two tills of two servers give a service that is there twice exactly twice', async () => {
  const [me, rightId] = [await atTwoTills(), await free()]
  const taps = Array.from({ length: 64 }, (_, n) =>
    n % 2 ? use(clerk, me.here, rightId) : use(friend, me.there, rightId, randomUUID(), other),
  )
  expect(await endsOf(taps)).toEqual({ answer: 2, RIGHT_USED_UP: 62 })
  expect(await usesOf(one, me.memberId, rightId)).toEqual({ '2026-11': 2 })
  expect(await one.as().db.rightService.count({ where: { memberId: me.memberId } })).toBe(2)
  expect(await refusalOf(use(clerk, me.here, rightId), 'RIGHT_USED_UP')).toEqual({ backAt: nextMonth })
  const [again, requestId] = [await free({ quota: 3 }), randomUUID()]
  const same = Array.from({ length: 64 }, (_, n) => use(clerk, me.here, again, requestId, n % 2 ? one : other))
  expect(new Set((await Promise.all(same)).map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(await usesOf(one, me.memberId, again)).toEqual({ '2026-11': 1 })
})

test('says what is left and when it is back, writes who gave it where, and shows the counter the same', async () => {
  const [me, rightId] = [await atTwoTills(), await free()]
  expect(await use(clerk, me.here, rightId)).toEqual({ title: '早享', left: 1, backAt: null })
  one.clock.pass(1)
  expect(await use(friend, me.there, rightId)).toEqual({ title: '早享', left: 0, backAt: nextMonth })
  const { db } = one.as()
  const rows = await db.rightService.findMany({ where: { rightId }, orderBy: { serviceId: 'asc' } })
  expect(rows.map(({ storeId, staffId, visitId }) => [storeId, staffId, visitId])).toEqual([
    [clerk.storeId, clerk.memberId, me.here.visitId],
    [friend.storeId, friend.memberId, me.there.visitId],
  ])
  const entry = { storeId: clerk.storeId, verb: 'right.use', subject: rows[0]?.serviceId as string }
  expect(await db.auditEntry.findFirst({ where: entry })).toMatchObject({ actorId: clerk.memberId })
  const shown = (await showAtCounter(clerk.ctx, clerk, me.here)).services.find((one) => one.rightId === rightId)
  expect(shown).toMatchObject({ state: 'used_up', left: 0, backAt: nextMonth, words: '加一份料' })
})

test('is for who has it, with a live code, and of its own kind only', async () => {
  const me = await atTwoTills()
  await refusalOf(use(clerk, me.here, await free({ tierFrom: 3 })), 'RIGHT_LOCKED')
  await refusalOf(use(clerk, me.here, await free({ endsInHours: 0 })), 'NOT_FOUND')
  const early = await newRightOf(one, 'early_access', { hours: 1 }, TWICE)
  await refusalOf(use(clerk, me.here, early), 'NOT_FOUND')
  await refusalOf(use(clerk, me.there, await free()), 'VISIT_UNKNOWN')
  const at = { requestId: randomUUID(), tillId: clerk.tillId, memberNo: me.memberNo }
  const spoken = await findVisit(clerk.ctx, clerk, at)
  await refusalOf(use(clerk, spoken, await free()), 'CODE_NEEDED')
  expect(await showAtCounter(clerk.ctx, clerk, spoken)).toEqual({ services: [], sayings: [] })
})

describe('a right that a gift brought', () => {
  const give = (memberId: string, rightId: string, sourceId: string, expiresAt: Date | null = null) =>
    one.house.sql('right_grant', { memberId, rightId, at: one.clock.at, expiresAt, kind: 'test', sourceId })

  test('is there once for one source, until then, and goes when the gift goes', async () => {
    const [me, rightId, sourceId] = [await atTwoTills(), await free({ tierFrom: null }), randomUUID()]
    await refusalOf(use(clerk, me.here, rightId), 'RIGHT_LOCKED')
    const until = new Date(one.clock.at.getTime() + 1_000)
    const same = await Promise.all(Array.from({ length: 64 }, () => give(me.memberId, rightId, sourceId, until)))
    expect(new Set(same.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ title: '早享', rightId, expiresAt: until.toISOString() })]),
    )
    expect(await one.as().db.rightGrant.count({ where: { memberId: me.memberId } })).toBe(1)
    await use(clerk, me.here, rightId)
    const shown = async () => (await listRights(me.ctx)).rights.find((one) => one.rightId === rightId)
    expect(await shown()).toMatchObject({ state: 'available', from: 'gift', until: until.toISOString(), left: 1 })
    const call = { memberId: me.memberId, kind: 'test', sourceId, at: one.clock.at }
    expect(await one.house.sql('right_grant_void', call)).toEqual({ voided: 1 })
    await refusalOf(use(clerk, me.here, rightId), 'RIGHT_LOCKED')
    expect(await one.house.sql('right_grant_restore', call)).toEqual({ restored: 1 })
    expect(await shown()).toMatchObject({ state: 'available' })
    one.clock.pass(1_000)
    expect(await shown()).toMatchObject({ state: 'locked', unlock: { tier: null, honourName: null } })
    await refusalOf(use(clerk, me.here, rightId), 'RIGHT_LOCKED')
  })

  test('I-ID4: goes along with services and uses when two records are one person, and back when they are two', async () => {
    const [kept, gone, rightId] = [await atTwoTills(), await atTwoTills(), await free({ tierFrom: null })]
    for (const who of [kept, gone]) {
      await give(who.memberId, rightId, randomUUID())
      await use(clerk, who.here, rightId)
    }
    const snapshot = () => snapshotOf(one.as().db, [kept.memberId, gone.memberId])
    const before = await snapshot()
    const mergeId = await merged(one, kept.memberId, gone.memberId)
    expect(await usesOf(one, kept.memberId, rightId)).toEqual({ '2026-11': 2 })
    await refusalOf(use(clerk, kept.here, rightId), 'RIGHT_USED_UP')
    await undone(one, mergeId)
    const after = await snapshot()
    for (const table of ['right_use', 'right_grant', 'right_service']) expect(after[table]).toEqual(before[table])
    expect(await use(clerk, gone.here, rightId)).toMatchObject({ left: 0 })
  })
})

describe('rights that a price is made of', () => {
  const hold = async (memberId: string, rightIds: string[], test = one) => {
    const [row] = await test.as().db.$queryRaw<{ uses: unknown[] }[]>`
      SELECT right_hold(${memberId}::uuid, ${rightIds}::text[], ${one.clock.at}) AS uses`.catch((error: unknown) => {
      throw toRefusal(error)
    })
    return row?.uses ?? []
  }
  const release = (memberId: string, uses: unknown[]) =>
    one.as().db.$executeRaw`SELECT right_release(${memberId}::uuid, ${JSON.stringify(uses)}::jsonb)`

  test('I-R1: holds and releases of any number, at once, are never more than the quota, and count exactly', async () => {
    const me = await newMember(one)
    const rounds = fc.array(fc.record({ want: fc.integer({ min: 1, max: 9 }), back: fc.nat(9) }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), rounds, async (quota, all) => {
        const rightId = await newRightOf(one, 'tier_discount', { payPercent: 90 }, { ...TWICE, quota })
        const held: unknown[][] = []
        for (const { want, back } of all) {
          const asked = await Promise.allSettled(
            Array.from({ length: want }, (_, n) => hold(me.memberId, [rightId], n % 2 ? one : other)),
          )
          const got = asked.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
          expect(got).toHaveLength(Math.min(want, quota - held.length))
          held.push(...got)
          await Promise.all(held.splice(0, back).map((uses) => release(me.memberId, uses)))
          expect((await usesOf(one, me.memberId, rightId))['2026-11'] ?? 0).toBe(held.length)
        }
        // nothing stays held: a promise asks what a use is for
        await Promise.all(held.map((uses) => release(me.memberId, uses)))
      }),
      { numRuns: 15 },
    )
  })

  test('several are held together or not at all; what has no quota is not counted, what is not theirs is asked again', async () => {
    const me = await newMember(one)
    const [first, last] = [await free({ quota: 1 }), await free({ quota: 1 })]
    const open = await newRightOf(one, 'tier_discount', { payPercent: 90 }, { tierFrom: 1 })
    expect(await hold(me.memberId, [open])).toEqual([])
    const uses = await hold(me.memberId, [first, open])
    expect(uses).toEqual([{ rightId: first, periodKey: '2026-11' }])
    await refusalOf(hold(me.memberId, [last, first]), 'RIGHT_USED_UP')
    expect(await usesOf(one, me.memberId, last)).toEqual({})
    await release(me.memberId, uses)
    const higher = await free({ tierFrom: 2 })
    for (const rightIds of [[higher], ['no-such-right']]) await refusalOf(hold(me.memberId, rightIds), 'BUSY')
  })
})
