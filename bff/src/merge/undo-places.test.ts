import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import {
  type Colleague,
  newMember,
  newPhone,
  newStaff,
  type Phone,
  type TestHouse,
  testHouse,
} from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { booksOf, exchange, newReward, saver } from '../mall/mall.fixture'
import { readActor } from '../session/read-actor'
import { refreshSession } from '../session/refresh-session'
import { startSession, tokensOf } from '../session/start-session'
import { readMemberRef } from '../visit'
import { scanVisit } from '../visit/scan-visit'
import { snapshotOf } from './before-after.fixture'
import { merged, undone, undoneBeside } from './undo.fixture'
import { scatterRows } from './undo-rows.fixture'

const database = testDatabase()
let one: TestHouse
let two: TestHouse
let clerk: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  two = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), two.warm()])
  clerk = await newStaff(one)
})
afterAll(() => Promise.all([one.close(), two.close()]))

const TABLES = [
  ...['session', 'device', 'device_handle', 'visit', 'purchase', 'purchase_return', 'order_hold', 'staff'],
  ...['outbox_message', 'message_consent'],
]
async function rowsOf(memberIds: string[]) {
  const seen = await snapshotOf(one.house.prisma, memberIds)
  return Object.fromEntries(TABLES.map((table) => [table, seen[table] ?? []]))
}
const pair = async () => [await newMember(one), await newMember(one)] as const
/** Ids of three. */
async function three(): Promise<[string, string, string]> {
  const [[a, b], c] = [await pair(), await newMember(one)]
  return [a.memberId, b.memberId, c.memberId]
}

test('I-ID4: merged one after the other and taken back in turn, three records have their rows as they were', async () => {
  const { staff } = one.house.prisma
  for (let round = 0; round < 5; round++) {
    const all = await three()
    for (const memberId of all) await scatterRows(one, memberId)
    // one works here still, another did
    const job = { role: 'clerk', storeId: 'hubin', since: one.clock.at }
    const at = round % 3
    await staff.create({ data: { ...job, memberId: all[at] as string, staffNo: '1' } })
    await staff.create({ data: { ...job, memberId: all[(at + 1) % 3] as string, staffNo: '2', endedAt: one.clock.at } })
    const before = await rowsOf(all)
    const first = await merged(one, all[1], all[2])
    const between = await rowsOf(all)
    const second = await merged(one, all[0], all[1])
    await undone(one, second)
    expect(await rowsOf(all)).toEqual(between)
    await undone(one, first)
    expect(await rowsOf(all)).toEqual(before)
  }
})

async function signIn(memberId: string) {
  const sessionId = await startSession(one.as(), memberId, { deviceLabel: '小米 15', platform: 'weapp' })
  return { sessionId, ...(await tokensOf(one.as(), memberId, sessionId)) }
}
const refresh = (refreshToken: string, on = one) => refreshSession(on.as(), { refreshToken })
const actorOf = ({ accessToken }: { accessToken: string }, on = one) => readActor(on.house, `Bearer ${accessToken}`)

describe('signed-in places after the undo', () => {
  test('each phone is its own record’s again, whatever token it holds; one signed in since is out', async () => {
    const [survivor, other] = await pair()
    const mine = await signIn(survivor.memberId)
    const [asleep, renewed] = [await signIn(other.memberId), await signIn(other.memberId)]
    const mergeId = await merged(one, survivor.memberId, other.memberId)
    const held = await refresh(renewed.refreshToken)
    const since = await signIn(survivor.memberId)
    for (const tokens of [held, since]) expect(await actorOf(tokens)).toMatchObject({ memberId: survivor.memberId })
    const { back, lost } = await undone(one, mergeId)
    expect([back.sessions, lost]).toEqual([2, [{ kind: 'session_ended', why: 'since', count: 1 }]])

    one.clock.pass(10_000)
    await refusalOf(actorOf(held), 'SESSION_OVER')
    await refusalOf(actorOf(since), 'SESSION_OVER')
    await refusalOf(refresh(since.refreshToken), 'SESSION_OVER')
    const own = await refresh(held.refreshToken)
    expect([own.memberId, await actorOf(own)]).toMatchObject([other.memberId, { sessionId: renewed.sessionId }])
    expect(await actorOf(asleep)).toMatchObject({ memberId: other.memberId })
    expect((await refresh(asleep.refreshToken)).memberId).toBe(other.memberId)
    expect((await refresh(mine.refreshToken)).memberId).toBe(survivor.memberId)
  })

  test('a token of the last of three owners finds the first one’s record again', async () => {
    const [a, b, c] = await three()
    const phone = await signIn(c)
    const first = await merged(one, b, c)
    const atB = await refresh(phone.refreshToken)
    const second = await merged(one, a, b)
    const atA = await refresh(atB.refreshToken)
    expect([atB.memberId, atA.memberId]).toEqual([b, a])
    await undone(one, second)
    await undone(one, first)
    expect((await refresh(atA.refreshToken)).memberId).toBe(c)
  })

  test('a refresh that meets the undo is answered once, by whichever process, and never as the other', async () => {
    for (let round = 0; round < 4; round++) {
      const [survivor, other] = await three()
      const phone = await signIn(other)
      const mergeId = await merged(one, survivor, other)
      const held = await refresh(phone.refreshToken)
      const turns = Array.from({ length: 16 }, (_, n) => refresh(held.refreshToken, n % 2 ? two : one))
      const [tokens] = await Promise.all([Promise.all(turns), undone(one, mergeId)])
      one.clock.pass(10_000)
      for (const next of tokens) {
        if (next.memberId === other) await actorOf(next)
        else await refusalOf(actorOf(next), 'SESSION_OVER')
      }
      const last = tokens[0] as (typeof tokens)[0]
      expect((await refresh(last.refreshToken)).memberId).toBe(other)
    }
  })
})

const scan = (phone: Phone) => {
  one.clock.pass(30_000)
  const code = phone.codeAt(Math.floor(one.clock.at.getTime() / 30_000))
  return scanVisit(clerk.ctx, clerk, { requestId: randomUUID(), code, tillId: clerk.tillId })
}
const visitorOf = ({ visitId, memberRef }: { visitId: string; memberRef: string }) =>
  readMemberRef(one.house.keys, visitId, memberRef)
const ownerOf = async ({ visitId }: { visitId: string }) =>
  (await one.house.prisma.visit.findFirstOrThrow({ where: { visitId } })).memberId

test('phones show their own record’s code again; what one of them has just opened goes along, one enrolled since is none', async () => {
  const [survivor, other] = await pair()
  const [mine, theirs] = [await newPhone(survivor), await newPhone(other)]
  const early = await scan(theirs)
  const mergeId = await merged(one, survivor.memberId, other.memberId)
  const since = await newPhone(survivor)
  const [long, own] = [await scan(theirs), await scan(mine)]
  one.clock.pass(10 * 60_000)
  const open = await scan(theirs)
  expect([visitorOf(open), visitorOf(own)]).toEqual([survivor.memberId, survivor.memberId])
  const { back, lost } = await undone(one, mergeId)
  expect([back, lost]).toEqual([
    expect.objectContaining({ devices: 1, visits: 2 }),
    [{ kind: 'device_ended', why: 'since', count: 1 }],
  ])
  expect([await ownerOf(early), await ownerOf(open)]).toEqual([other.memberId, other.memberId])
  expect([await ownerOf(long), await ownerOf(own)]).toEqual([survivor.memberId, survivor.memberId])
  expect([visitorOf(await scan(theirs)), visitorOf(await scan(mine))]).toEqual([other.memberId, survivor.memberId])
  await refusalOf(scan(since), 'CODE_WRONG')
})

describe('I-L5: a command sent again after the undo', () => {
  test('64 ways, by the phone that had sent it before or during the merge, has no second effect', async () => {
    const reward = await newReward(one)
    const [survivor, other] = [await saver(one), await saver(one)]
    const [before, during] = [randomUUID(), randomUUID()]
    const answers = [await exchange(other.ctx, reward, before)]
    const mergeId = await merged(one, survivor.memberId, other.memberId)
    answers.push(await exchange(survivor.ctx, reward, during))
    await undone(one, mergeId)
    const again = [before, during].map((requestId) =>
      Array.from({ length: 64 }, (_, n) => exchange((n % 2 ? two : one).as(other.memberId), reward, requestId)),
    )
    for (const [nth, sent] of again.entries())
      expect(new Set((await Promise.all(sent)).map((answer) => JSON.stringify(answer)))).toEqual(
        new Set([JSON.stringify(answers[nth])]),
      )
    expect(await booksOf(one.as(), other.memberId)).toMatchObject({ points: 900, standing: 1 })
    expect(await booksOf(one.as(), survivor.memberId)).toMatchObject({ points: 900, standing: 1 })
    await expectLedgerHolds(one.house.prisma)
  })

  test('beside the undo, as either of the two, it has one effect', async () => {
    const reward = await newReward(one)
    for (let round = 0; round < 3; round++) {
      const [survivor, other, requestId] = [await saver(one), await saver(one), randomUUID()]
      const mergeId = await merged(one, survivor.memberId, other.memberId)
      const sent = Array.from({ length: 32 }, (_, n) =>
        exchange((n % 2 ? two : one).as(n % 4 > 1 ? other.memberId : survivor.memberId), reward, requestId),
      )
      const [ends, isUndone] = await Promise.all([endsOf(sent), undoneBeside(one, mergeId, 'survivor')])
      expect(isUndone).toBe(true)
      expect(Object.keys(ends).filter((end) => !['answer', 'BUSY'].includes(end))).toEqual([])
      await Promise.all(Array.from({ length: 32 }, () => exchange(one.as(other.memberId), reward, requestId)))
      const made = await one.house.prisma.redemption.count({
        where: { memberId: { in: [survivor.memberId, other.memberId] } },
      })
      expect(made).toBe(1)
    }
    await expectLedgerHolds(one.house.prisma)
  })
})

test('a message under way at the undo ends with the record it is of, and its consent comes back there', async () => {
  const [survivor, other] = await three()
  const { sql, prisma } = one.house
  const message = { template: 'points_arrived', at: one.clock.at }
  for (const [memberId, count] of [
    [survivor, 3],
    [other, 2],
  ] as const)
    await sql('outbox_allow', { ...message, memberId, count })
  await sql('outbox_put', { ...message, memberId: other, payload: {} })
  const mergeId = await merged(one, survivor, other)
  const leaseUntil = new Date(one.clock.at.getTime() + DAY_MS)
  const [taken] = await sql<{ messageId: string }[]>('outbox_take', { at: one.clock.at, leaseUntil, limit: 9 })
  const sending = { ...message, memberId: survivor, messageId: taken?.messageId, leaseUntil }
  expect(await sql('outbox_spend_consent', sending)).toMatchObject({ verdict: 'send' })
  await undone(one, mergeId)
  await sql('outbox_finish', { ...sending, state: 'refused', outcome: '43101', consent: 'back' })
  expect(await prisma.outboxMessage.findMany({ where: { memberId: other } })).toMatchObject([{ state: 'refused' }])
  const left = await prisma.messageConsent.findMany({ where: { memberId: { in: [survivor, other] } } })
  expect(left.map(({ memberId, remaining }) => [memberId === other, remaining]).sort()).toEqual([
    [false, 2],
    [true, 3],
  ])
})
