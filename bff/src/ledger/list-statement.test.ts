import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { newStaff, newVisit, type TestHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { type Ctx, inTx } from '../ctx'
import { mergeMember } from '../member'
import { award, memberHouse, newMember, oldCard, owe } from '../member/member.fixture'
import { settleOrder } from '../order'
import { listLots } from './list-lots'
import { listStatement, type StatementKind } from './list-statement'
import { settleDueLots } from './settle-due-lots'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = memberHouse(database.url)
})
afterAll(() => one.close())

const linesOf = async (ctx: Ctx, kind?: StatementKind) => (await listStatement(ctx, { kind, limit: 50 })).lines
const wordsOf = async (ctx: Ctx, kind?: StatementKind) => (await linesOf(ctx, kind)).map(({ words }) => words)

/** A member who bought, whose points came and went, in the course of a year. */
async function customer() {
  const clerk = await newStaff(one)
  const me = await newMember(one)
  const { visitId, memberRef } = await newVisit(one, me, clerk)
  await settleOrder(clerk.ctx, clerk, { requestId: randomUUID(), visitId, memberRef, amountFen: 6_800 })
  return me
}

test('a purchase, its points coming and going: each line in words, newest first', async () => {
  const me = await customer()
  const bought = one.clock.at
  one.clock.pass(15 * DAY)
  await settleDueLots(one.as(), { batch: 200 })
  expect(await wordsOf(me.ctx, 'earned')).toEqual(['2026-11-22 在「湖滨店」消费 ¥68.00，获得 68 积分，12 月 7 日生效'])
  expect(await wordsOf(me.ctx, 'growth')).toEqual(['2026-11-22 在「湖滨店」消费 ¥68.00，获得 68 成长值'])
  expect(await wordsOf(me.ctx, 'expired')).toEqual([])
  one.clock.pass(400 * DAY)
  await settleDueLots(one.as(), { batch: 200 })
  expect(await wordsOf(me.ctx, 'expired')).toEqual(['2027-11-30 有 68 积分到期'])
  const all = await linesOf(me.ctx)
  expect(all.map(({ reason, direction, amount }) => [reason, direction, amount])).toEqual([
    ['expired', 'out', 68],
    ['matured', 'move', 68],
    ['purchase', 'in', 68],
    ['purchase', 'in', 68],
  ])
  expect(all.at(-1)?.at).toBe(bought.toISOString())
  // a year on, a day of that year carries it
  expect(await wordsOf(me.ctx, 'earned')).toEqual([
    '2026-11-22 在「湖滨店」消费 ¥68.00，获得 68 积分，2026 年 12 月 7 日生效',
  ])
})

test('a merge is told on both sides; what was owed is called owed and is neither earned nor spent', async () => {
  const [me, card] = await Promise.all([newMember(one), oldCard(one, { points: 0 })])
  const [toMe, toCard] = [`（尾号 ${card.last4}）`, `（尾号 ${me.memberNo.slice(-4)}）`]
  // two lots are one line
  for (const points of [8, 12]) await award(one, card.memberId, { points, growth: 5 * (points % 3) })
  await owe(one, card.memberId, 30)
  one.clock.pass(1)
  await inTx(one.as(), (tx) => mergeMember(tx, me.memberId, card.memberId))
  const earned = (await linesOf(me.ctx, 'earned')).map(({ words }) => words.slice(11))
  expect(earned).toEqual([`老会员卡${toMe}并入，带来 20 积分`])
  expect((await linesOf(card.ctx, 'spent')).map(({ words }) => words.slice(11))).toEqual([
    `并入新会员卡${toCard}，转出 20 积分`,
  ])
  expect((await linesOf(me.ctx)).map(({ words }) => words.slice(11)).sort()).toEqual(
    [
      `老会员卡${toMe}并入，带来 20 积分`,
      `老会员卡${toMe}并入，带来 30 欠分`,
      `老会员卡${toMe}并入，带来 10 成长值`,
      '用 8 积分补上了欠分',
      '用 12 积分补上了欠分',
    ].sort(),
  )
  expect((await linesOf(me.ctx, 'spent')).map(({ reason }) => reason)).toEqual(['debt_paid', 'debt_paid'])
})

test('every line belongs to one of the lists or only to all of them; nobody sees another’s', async () => {
  const [me, other] = [await customer(), await customer()]
  const own = (await linesOf(me.ctx)).map(({ transferId }) => transferId)
  expect((await linesOf(other.ctx)).some(({ transferId }) => own.includes(transferId))).toBe(false)
  // another's line as a bookmark only says a time
  const [foreign] = await linesOf(other.ctx)
  const after = await listStatement(me.ctx, { cursor: foreign?.transferId as string })
  expect(after.lines.every(({ transferId }) => own.includes(transferId))).toBe(true)
  await refusalOf(listStatement(one.as(), {}), 'SESSION_NEEDED')
  await refusalOf(listLots(one.as()), 'SESSION_NEEDED')
})

test('pages of any size give each line once, in order, while new lines arrive on top', async () => {
  const me = await newMember(one)
  for (let n = 0; n < 23; n++) {
    await award(one, me.memberId, { points: n + 1, growth: n % 3 })
    if (n % 4 === 0) one.clock.pass(1)
  }
  const kinds: StatementKind[] = ['all', 'earned', 'growth']
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.constantFrom(...kinds), async (limit, kind) => {
      const whole = (await listStatement(me.ctx, { kind, limit: 1_000 })).lines
      const seen: typeof whole = []
      let cursor: string | null | undefined
      do {
        const page = await listStatement(me.ctx, { kind, limit, cursor: cursor ?? undefined })
        expect(page.lines.length).toBeLessThanOrEqual(limit)
        seen.push(...page.lines)
        cursor = page.nextCursor
        if (seen.length < 10 && seen.length > 5) {
          one.clock.pass(1)
          await award(one, me.memberId, { points: 1 })
        }
      } while (cursor)
      expect(seen).toEqual(whole)
    }),
    { numRuns: 12 },
  )
})

const spend = (memberId: string, points: number, title: string) =>
  one.house.sql('ledger_spend', {
    memberId,
    at: one.clock.at,
    kind: 'redemption',
    sourceId: randomUUID(),
    points,
    reason: 'exchange',
    detail: { title },
  })

test('what one exchange took from several lots is one line; what comes back says until when, end by end', async () => {
  const me = await newMember(one)
  for (const expiresInDays of [40, 20, 60]) await award(one, me.memberId, { points: 10, expiresInDays })
  one.clock.pass(1)
  const sourceId = randomUUID()
  const call = { memberId: me.memberId, at: one.clock.at, kind: 'redemption', sourceId, detail: { title: '一盏杯' } }
  await one.house.sql('ledger_spend', { ...call, points: 25, reason: 'exchange' })
  const [line, ...others] = await linesOf(me.ctx, 'spent')
  expect(line).toMatchObject({
    amount: 25,
    direction: 'out',
    words: expect.stringMatching(/兑换「一盏杯」，用掉 25 积分$/),
  })
  expect(others).toEqual([])
  one.clock.pass(30 * DAY)
  const graceUntil = new Date(one.clock.at.getTime() + 30 * DAY)
  await one.house.sql('ledger_return_spend', { ...call, at: one.clock.at, graceUntil, reason: 'exchange_returned' })
  const back = (await linesOf(me.ctx, 'earned')).filter(({ reason }) => reason !== 'opening')
  expect(back.map(({ reason, amount }) => `${reason} ${amount}`).sort()).toEqual([
    'exchange_returned 10',
    'exchange_returned 5',
    'grace 10',
  ])
})

test('points of a returned purchase that were spent meanwhile are told as owed, beside what was there', async () => {
  const me = await newMember(one)
  const sourceId = randomUUID()
  await award(one, me.memberId, { points: 30, reason: 'purchase', sourceId })
  await spend(me.memberId, 20, '一盏杯')
  const detail = { storeName: '湖滨店', amountFen: 3_000 }
  const call = { memberId: me.memberId, at: one.clock.at, kind: 'test', sourceId, detail }
  await one.house.sql('ledger_take_back', { ...call, points: 30, growth: 0, reason: 'purchase_returned' })
  const told = (await linesOf(me.ctx, 'spent')).map(({ words }) => words.slice(11)).sort()
  expect(told).toEqual(
    [
      '兑换「一盏杯」，用掉 20 积分',
      '在「湖滨店」退货 ¥30.00，收回 10 积分',
      '在「湖滨店」退货 ¥30.00，记下 20 欠分',
    ].sort(),
  )
})

test('pages of random books, many lots a movement, neither lose nor repeat a line', async () => {
  const move = fc.record({
    lots: fc.integer({ min: 1, max: 6 }),
    // two exchanges in one millisecond, too: their transfers lie between each other
    exchanges: fc.integer({ min: 0, max: 3 }),
    passMs: fc.integer({ min: 0, max: 2 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(move, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 9 }),
      async (moves, limit) => {
        const me = await newMember(one)
        let spent = 0
        for (const { lots, exchanges, passMs } of moves) {
          for (let n = 0; n < lots; n++) await award(one, me.memberId, { points: 3, expiresInDays: 30 + n })
          for (let n = 0; n < exchanges; n++) {
            const points = Math.max(1, Math.floor((lots * 3) / 3))
            await spend(me.memberId, points, `第 ${++spent} 件`)
          }
          one.clock.pass(passMs)
        }
        for (const kind of ['all', 'spent'] as const) {
          const seen: Awaited<ReturnType<typeof linesOf>> = []
          let cursor: string | undefined
          do {
            const page = await listStatement(me.ctx, { kind, limit, cursor })
            expect(page.lines.length).toBeLessThanOrEqual(limit)
            seen.push(...page.lines)
            cursor = page.nextCursor ?? undefined
          } while (cursor)
          expect(new Set(seen.map(({ transferId }) => transferId)).size).toBe(seen.length)
          expect(seen).toEqual((await listStatement(me.ctx, { kind, limit: 500 })).lines)
          const exchanges = seen.filter(({ reason }) => reason === 'exchange')
          expect(exchanges).toHaveLength(spent)
          const balance = seen.reduce((sum, { direction, amount }) => sum + (direction === 'in' ? amount : -amount), 0)
          const { availablePoints } = await one.house.prisma.account.findUniqueOrThrow({
            where: { memberId: me.memberId },
          })
          if (kind === 'all') expect(balance).toBe(availablePoints)
        }
      },
    ),
    { numRuns: 15 },
  )
})

test('lots that are still there, the earliest to end first, each with its days', async () => {
  const me = await newMember(one)
  await award(one, me.memberId, { points: 1_068, activeInDays: 15, expiresInDays: 100 })
  const soon = await award(one, me.memberId, { points: 20, expiresInDays: 9 })
  const gone = await award(one, me.memberId, { points: 5, expiresInDays: 1 })
  one.clock.pass(2 * DAY)
  await settleDueLots(one.as(), { batch: 200 })
  const { lots } = await listLots(me.ctx)
  expect(lots.map(({ remaining, state }) => [remaining, state])).toEqual([
    [20, 'active'],
    [1_068, 'pending'],
  ])
  expect(lots[0]?.lotId).toBe(soon?.lotId)
  expect(lots[0]?.words).toMatch(/^20 积分 · (\d+ 年 )?\d+ 月 \d+ 日到期$/)
  expect(lots[1]?.words).toMatch(/^1,068 积分 · (\d+ 年 )?\d+ 月 \d+ 日生效 · (\d+ 年 )?\d+ 月 \d+ 日到期$/)
  expect(lots.some(({ lotId }) => lotId === gone?.lotId)).toBe(false)
})
