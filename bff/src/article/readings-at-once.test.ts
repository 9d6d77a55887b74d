import { DAY_MS, endOfMonthAfter } from '@huiyuan/shared/time'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { expectPromisesHold } from '../../../test/support/promises'
import { snapshotOf } from '../merge/before-after.fixture'
import { merged, undone, undoneBeside } from '../merge/undo.fixture'
import { newsRoom } from './article.fixture'

const database = testDatabase()
let room: ReturnType<typeof newsRoom>
beforeAll(async () => {
  room = newsRoom(database.url)
  await room.open()
})
afterAll(() => room.close())

/** What must never be found: → the promise and whom it is broken for. */
const NEVER = `
SELECT 'one action makes one reading act' AS promise, action_id::text AS of FROM article_reading
  WHERE state IN ('acted', 'counted') GROUP BY action_id HAVING count(*) > 1
UNION ALL
SELECT 'nobody reads by their own link', r.member_id::text FROM article_reading r JOIN member a ON a.member_id = r.member_id
  JOIN member b ON b.member_id = r.sharer_id WHERE r.state <> 'void'
    AND coalesce(a.merged_into, a.member_id) = coalesce(b.merged_into, b.member_id)
UNION ALL
SELECT 'one person is one reader of an article', article_id FROM article_reading r JOIN member m USING (member_id)
  WHERE r.state <> 'void' GROUP BY coalesce(m.merged_into, m.member_id), article_id HAVING count(*) > 1
UNION ALL
SELECT 'what waits or counts lies with somebody who goes on', r.member_id::text FROM article_reading r
  JOIN member m USING (member_id) WHERE r.state <> 'void' AND m.status <> 'active'
UNION ALL
SELECT 'a purchase that went back counts for nobody', r.member_id::text FROM article_reading r JOIN purchase p ON p.order_id = r.action_id
  WHERE r.state IN ('acted', 'counted') AND p.state = 'returned'
UNION ALL
SELECT 'what counted has its proof', r.action_id::text FROM article_reading r WHERE r.state = 'counted' AND NOT EXISTS (
  SELECT 1 FROM obligation_proof o WHERE o.kind = 'reader_acted' AND o.source_id = r.action_id::text AND o.retracted_at IS NULL)
UNION ALL
SELECT 'one person is told of it', o.source_id FROM obligation_proof o JOIN member m USING (member_id)
  WHERE o.kind = 'reader_acted' AND o.retracted_at IS NULL GROUP BY o.source_id HAVING count(DISTINCT coalesce(m.merged_into, m.member_id)) > 1
UNION ALL
SELECT 'a proof that stands was counted', o.source_id FROM obligation_proof o WHERE o.kind = 'reader_acted' AND o.retracted_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM article_reading r WHERE r.action_id::text = o.source_id AND (r.state = 'counted'
    -- a merge may find the reading to be none, and be taken back: what was done with it stays so
    OR (r.reason IN ('self', 'double') AND EXISTS (SELECT 1 FROM obligation_instance i WHERE i.member_id = o.member_id
      AND i.instance_id = o.instance_id AND i.finished_at IS NOT NULL))))`

const expectReadingsHold = async () => {
  expect(await room.prisma.$queryRawUnsafe(`SELECT DISTINCT promise, of FROM (${NEVER}) broken`)).toEqual([])
  await expectLedgerHolds(room.prisma)
}

const ACTS = ['read', 'read', 'buy', 'return', 'attend', 'count', 'merge', 'undo'] as const
const act = fc.record({ what: fc.constantFrom(...ACTS), a: fc.nat(5), b: fc.nat(5), n: fc.nat(3) })

/** Members who pass news on to each other, and guests whom they lead here: everybody reads, buys, returns and merges at once. */
async function crowd() {
  const { one } = room
  const articles = [await room.article(), await room.article()]
  const old = [await room.inviter(), await room.inviter(), await room.inviter()]
  const people: { memberId: string; code?: string }[] = [...old]
  for (const [n, { code }] of old.entries()) people.push(await room.joinBy(code, articles[n % 2] as string))
  await room.spreading(people.map(({ memberId }) => memberId))
  await room.spreading([people[0]?.memberId as string], 1)
  one.clock.pass(1_000)
  return { articles, people }
}

type Crowd = Awaited<ReturnType<typeof crowd>>
type Act = { what: (typeof ACTS)[number]; a: number; b: number; n: number }

/** Does one thing in the middle of all others; what is refused or meets a merge is no failure. */
async function play({ articles, people }: Crowd, { what, a, b, n }: Act, house: typeof room.one): Promise<unknown> {
  const who = people[a]?.memberId as string
  switch (what) {
    case 'read':
      return room.read(house, who, articles[n % 2] as string, people[b % 3]?.code)
    case 'buy':
      return room.buy(who, 3_000, house)
    case 'return': {
      const order = await room.prisma.order.findFirst({ where: { memberId: who, state: 'settled' } })
      return order && room.giveBack(order, house)
    }
    case 'attend':
      return room.attend(house, who, 'anything')
    case 'count':
      return room.count(house)
    case 'merge':
      return a === b ? null : merged(house, who, people[b]?.memberId as string)
    default: {
      const [last] = await room.prisma.mergeRecord.findMany({
        orderBy: { at: 'desc' },
        take: 1,
        where: { memberId: who },
      })
      return last && undoneBeside(house, last.mergeId, 'survivor')
    }
  }
}

test('a merge of readers and sharers that is taken back leaves everything as it was; what went on since is kept', async () => {
  const { one } = room
  for (let turn = 0; turn < 4; turn++) {
    const { articles, people } = await crowd()
    const [mei, zhou, an, first, second] = people.map(({ memberId }) => memberId) as [
      string,
      string,
      string,
      string,
      string,
    ]
    // each has read what another passed on; some have acted
    await room.read(one, mei, articles[0] as string, people[1]?.code)
    await room.read(one, zhou, articles[0] as string, people[2]?.code)
    await room.read(one, an, articles[1] as string, people[0]?.code)
    const kept = await room.buy(first)
    await room.attend(one, zhou, 'anything')
    if (turn > 1) await room.attend(one, mei, 'anything')
    const pair = turn % 2 ? ([mei, zhou] as const) : ([first, second] as const)
    const before = await snapshotOf(room.prisma, [...pair, an])
    const mergeId = await merged(one, pair[0], pair[1])
    await expectReadingsHold()
    if (turn === 0) {
      await room.giveBack({ memberId: pair[0], orderId: kept.orderId })
      await undone(one, mergeId)
      expect(await room.readings(first)).toMatchObject([{ state: 'void', reason: 'returned' }])
      expect(await room.readings(second)).toMatchObject([{ state: 'read', sharerId: zhou }])
    } else {
      await undone(one, mergeId)
      expect(await snapshotOf(room.prisma, [...pair, an])).toEqual(before)
    }
    await expectReadingsHold()
    await expectPromisesHold(room.prisma, one.clock.at)
  }
})

test.each(['self', 'double'] as const)(
  'I-ID4: a counted reading that a merge finds to be none (%s) costs no reward that was given, and counts again with the undo',
  async (why) => {
    const { one } = room
    const [mei, an, articleId] = [await room.inviter(), await room.inviter(), await room.article()]
    const [given, open] = [
      await room.spreading([mei.memberId], 1),
      await room.spreading([mei.memberId, an.memberId], 2),
    ]
    const first = await room.joinBy(an.code, articleId)
    await room.buy(first.memberId)
    one.clock.pass(1_000)
    const reader = await room.joinBy(mei.code, articleId)
    const order = await room.buy(reader.memberId)
    const survivor = why === 'self' ? mei : first
    const people = [mei.memberId, an.memberId, first.memberId, reader.memberId]
    one.clock.pass(17 * DAY_MS)
    await room.count(one)
    const steps = async () => [
      ...[await room.progress(mei.memberId, given), await room.progress(mei.memberId, open)],
      (await room.prisma.obligationInstance.findFirst({ where: { obligationId: given } }))?.pointsGiven,
    ]
    expect(await steps()).toEqual([1, 1, 50])
    for (const memberId of people) await one.house.sql('ledger_settle_lots', { memberId, at: one.clock.at })
    const before = await snapshotOf(room.prisma, people)
    one.clock.pass(DAY_MS)
    const mergeId = await merged(one, survivor.memberId, reader.memberId)
    expect(await steps()).toEqual([1, 0, 50])
    await expectReadingsHold()
    await undone(one, mergeId)
    expect(await snapshotOf(room.prisma, people)).toEqual(before)
    // once more, and now so much of the purchase comes back that it is none: the reward goes, and stays so
    one.clock.pass(DAY_MS)
    const again = await merged(one, survivor.memberId, reader.memberId)
    one.clock.pass(1_000)
    await room.giveBack({ memberId: survivor.memberId, orderId: order.orderId }, one, 2_500)
    expect(await steps()).toEqual([0, 0, 0])
    await undone(one, again)
    expect(await steps()).toEqual([0, 0, 0])
    expect(await room.readings(reader.memberId)).toMatchObject([{ state: 'void', reason: 'returned' }])
    expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
    await expectReadingsHold()
    await expectPromisesHold(room.prisma, one.clock.at)
  },
)

test('a goal that a sharer reaches by an undo, with what was counted since, is one like any other', async () => {
  const { one } = room
  const [mei, an, articleId] = [await room.inviter(), await room.inviter(), await room.article()]
  const duty = await room.spreading([mei.memberId, an.memberId], 2)
  const reading = async ({ code }: { code: string }) => {
    const reader = await room.joinBy(code, articleId)
    await room.buy(reader.memberId)
    one.clock.pass(17 * DAY_MS)
    await room.count(one)
    return reader.memberId
  }
  const mergeId = await merged(one, await reading(an), await reading(mei))
  await reading(mei)
  expect(await room.progress(mei.memberId, duty)).toBe(1)
  await undone(one, mergeId)
  expect(await room.progress(mei.memberId, duty)).toBe(2)
  expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: 50 })
  expect(await room.prisma.lot.findMany({ where: { memberId: mei.memberId } })).toMatchObject([
    { remaining: 50, expiresAt: endOfMonthAfter(one.clock.at, one.house.policy.expiryMonths) },
  ])
  await expectReadingsHold()
  await expectPromisesHold(room.prisma, one.clock.at)
})

test.each([true, false])(
  'I-O2: what a merge had taken is a step of who is separated again only if it was kept (%s)',
  async (kept) => {
    const { one } = room
    const [mei, articleId] = [await room.inviter(), await room.article()]
    const duty = await room.spreading([mei.memberId], 2)
    const reading = async () => {
      const { memberId } = await room.joinBy(mei.code, articleId)
      const { orderId } = await room.buy(memberId)
      one.clock.pass(17 * DAY_MS)
      await room.count(one)
      return { memberId, orderId }
    }
    const reader = await reading()
    const mergeId = await merged(one, reader.memberId, mei.memberId)
    one.clock.pass(1_000)
    // the goal is reached with what was counted since, which stays with the survivor
    await reading()
    await reading()
    expect(await room.prisma.obligationInstance.findMany({ where: { obligationId: duty } })).toMatchObject([
      { memberId: reader.memberId, state: 'rewarded' },
    ])
    if (!kept) await room.giveBack(reader)
    await undone(one, mergeId)
    expect(await room.progress(mei.memberId, duty)).toBe(kept ? 1 : 0)
    expect(await room.progress(reader.memberId, duty)).toBe(2)
    await expectReadingsHold()
    await expectPromisesHold(room.prisma, one.clock.at)
  },
)

test('whatever comes at once over two processes: each reading counts once at most, never for a return, and never for oneself', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(act, { minLength: 8, maxLength: 64 }), { minLength: 2, maxLength: 3 }),
      async (rounds) => {
        const everybody = await crowd()
        for (const round of rounds) {
          const done = await Promise.allSettled(round.map((one, n) => play(everybody, one, room.at(n))))
          for (const one of done)
            if (one.status === 'rejected' && one.reason?.constructor?.name !== 'Refusal') throw one.reason
          await expectReadingsHold()
          room.one.clock.pass(17 * DAY_MS)
          await Promise.all([room.count(room.one), room.count(room.two)])
          await expectReadingsHold()
        }
      },
    ),
    { numRuns: 5, endOnFailure: true },
  )
}, 240_000)
