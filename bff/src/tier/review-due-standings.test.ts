import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newStaff, newVisit, type TestHouse } from '../../../test/support/people'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { type Counter, openCounter } from '../order/counter.fixture'
import { reviewDueStandings, reviewStanding } from '.'

const database = testDatabase()
let till: Counter
let one: TestHouse
beforeAll(async () => {
  till = await openCounter(database.url)
  one = till.one
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => till.close())

const NOTHING = { members: 0, warned: 0, landed: 0, kept: 0, growthExpired: 0, failed: 0 }
const until = (text: string) => {
  one.clock.at = new Date(text)
}
const standingOf = (memberId: string) => one.as().db.standing.findUniqueOrThrow({ where: { memberId } })
const growthOf = async (memberId: string) =>
  (await one.as().db.account.findUniqueOrThrow({ where: { memberId } })).growth
const changesOf = async (memberId: string) =>
  (await one.as().db.tierChange.findMany({ where: { memberId }, orderBy: { at: 'asc' } })).map(
    ({ before, after, reason }) => `${before}→${after} ${reason}`,
  )
const messagesOf = async (memberId: string) =>
  (await one.as().db.outboxMessage.findMany({ where: { memberId, template: 'tier_ending' } })).map(
    ({ payload }) => payload,
  )
const comesBack = async (memberId: string) => newVisit(one, { ctx: one.as(memberId) }, till.clerk)
const buys = async (memberId: string, yuan: number) => till.pay(await comesBack(memberId), yuan * 100)
const allows = (memberId: string) =>
  one.house.sql('outbox_allow', { memberId, template: 'tier_ending', count: 3, at: one.clock.at })
/** Reviews everybody who is due. */
const reviewAll = () => reviewDueStandings(one.as(), { batch: 500 })

describe('a year with a tier', () => {
  test('warned 30 days before, once; lands one step at the end, with a year to come back', async () => {
    until('2026-11-22T12:00:00+08:00')
    await reviewAll()
    const { memberId } = await till.visited()
    await allows(memberId)
    await buys(memberId, 2_100)
    expect(await standingOf(memberId)).toMatchObject({
      tier: 3,
      validUntil: new Date('2027-11-30T23:59:59.999+08:00'),
      reviewAt: new Date('2027-10-31T10:00:00+08:00'),
    })
    until('2027-10-31T09:59:59.999+08:00')
    expect(await reviewAll()).toEqual(NOTHING)
    until('2027-10-31T10:00:00+08:00')
    expect(await reviewAll()).toEqual({ ...NOTHING, members: 1, warned: 1 })
    expect(await messagesOf(memberId)).toEqual([
      { tierName: '铂金', endsAt: '2027-11-30T15:59:59.999Z', needGrowth: 2_000 },
    ])
    expect(await reviewAll()).toEqual(NOTHING)
    until('2027-11-23T00:00:00+08:00')
    expect(await reviewAll()).toEqual({ ...NOTHING, members: 1, growthExpired: 2_100 })
    expect(await standingOf(memberId)).toMatchObject({ tier: 3 })
    until('2027-11-30T23:59:59.999+08:00')
    expect(await reviewAll()).toEqual(NOTHING)
    until('2027-12-01T00:00:00+08:00')
    expect(await reviewAll()).toEqual({ ...NOTHING, members: 1, landed: 1 })
    expect(await standingOf(memberId)).toMatchObject({
      tier: 2,
      since: one.clock.at,
      validUntil: new Date('2028-11-30T23:59:59.999+08:00'),
      warnedOf: null,
    })
    expect(await reviewAll()).toEqual(NOTHING)
    until('2028-12-01T00:00:00+08:00')
    expect(await reviewAll()).toMatchObject({ members: 1, landed: 1, warned: 0 })
    expect(await reviewAll()).toEqual(NOTHING)
    expect(await standingOf(memberId)).toMatchObject({ tier: 1, reviewAt: new Date('9999-12-31') })
    expect(await changesOf(memberId)).toEqual(['1→3 raised', '3→2 landed', '2→1 landed'])
  })

  test('kept when the growth of its last day suffices, and nobody is warned', async () => {
    until('2029-03-10T12:00:00+08:00')
    const { memberId } = await till.visited()
    await allows(memberId)
    await buys(memberId, 1_200)
    until('2029-07-01T12:00:00+08:00')
    await buys(memberId, 700)
    await buys(memberId, 300)
    // 2,200 in the window: up to tier 3 now, until July
    expect(await standingOf(memberId)).toMatchObject({ tier: 3, validUntil: new Date('2030-07-31T23:59:59.999+08:00') })
    until('2030-02-01T12:00:00+08:00')
    await buys(memberId, 2_000)
    until('2030-08-01T00:00:00+08:00')
    expect(await reviewAll()).toMatchObject({ kept: 1, landed: 0, warned: 0, growthExpired: 2_200 })
    expect(await standingOf(memberId)).toMatchObject({ tier: 3, validUntil: new Date('2031-07-31T23:59:59.999+08:00') })
    expect(await messagesOf(memberId)).toEqual([])
    expect(await changesOf(memberId)).toEqual(['1→2 raised', '2→3 raised', '3→3 kept'])
  })

  test('a late review costs one step as well, and a purchase that comes before it is not lost', async () => {
    until('2032-01-05T12:00:00+08:00')
    const [silent, loyal] = [await till.visited(), await till.visited()]
    for (const { memberId } of [silent, loyal]) await buys(memberId, 5_000)
    until('2036-01-05T12:00:00+08:00')
    expect(await buys(loyal.memberId, 2_000)).toMatchObject({ tierBefore: 3, tierAfter: 3 })
    await reviewAll()
    expect(await standingOf(silent.memberId)).toMatchObject({
      tier: 3,
      validUntil: new Date('2036-01-31T23:59:59.999+08:00'),
    })
    expect(await changesOf(loyal.memberId)).toEqual(['1→4 raised', '4→3 landed'])
    expect(await growthOf(loyal.memberId)).toBe(2_000)
  })

  test('old growth lifts nobody, although no review has come yet', async () => {
    until('2037-02-01T12:00:00+08:00')
    const { memberId } = await till.visited()
    await buys(memberId, 900)
    until('2038-02-02T12:00:00+08:00')
    expect(await buys(memberId, 900)).toMatchObject({ tierBefore: 1, tierAfter: 1 })
    expect(await growthOf(memberId)).toBe(900)
  })
})

describe('at once', () => {
  /** Members of tier 3 whose end was a moment ago. */
  const ended = async (count: number) => {
    until('2039-05-05T12:00:00+08:00')
    const all = []
    for (let n = 0; n < count; n++) all.push((await till.visited()).memberId)
    for (const memberId of all) await buys(memberId, 2_000)
    until('2040-05-31T23:59:59+08:00')
    await reviewAll()
    until('2040-06-01T00:00:00+08:00')
    return all
  }

  test('twice, in batches and on two workers: each lands once', async () => {
    const all = await ended(12)
    let landed = 0
    for (let due = 1; due > 0; ) {
      const both = await Promise.all([one, till.other].map((house) => reviewDueStandings(house.as(), { batch: 5 })))
      due = Math.max(...both.map(({ members }) => members))
      expect(due).toBeLessThanOrEqual(5)
      landed += both.reduce((sum, done) => sum + done.landed, 0)
    }
    expect(landed).toBe(12)
    for (const memberId of all) {
      expect(await standingOf(memberId)).toMatchObject({ tier: 2 })
      expect(await changesOf(memberId)).toEqual(['1→3 raised', '3→2 landed'])
    }
  })

  test('64 purchases at the moment of the review: no lift is lost, no step is taken twice', async () => {
    const [memberId] = (await ended(1)) as [string]
    const visit = await comesBack(memberId)
    await Promise.all([
      ...Array.from({ length: 64 }, (_, n) => till.pay(visit, 10_000, { in: n % 2 ? one : till.other })),
      ...Array.from({ length: 8 }, (_, n) => reviewStanding((n % 2 ? one : till.other).as(), memberId, one.clock.at)),
    ])
    // 6,400 growth: whatever came first, the last purchases lift to 4, and the old growth is gone once
    expect(await standingOf(memberId)).toMatchObject({ tier: 4 })
    expect(await growthOf(memberId)).toBe(6_400)
    expect((await changesOf(memberId)).filter((change) => /landed|kept/.test(change))).toHaveLength(1)
    expect(await reviewAll()).toMatchObject({ landed: 0, kept: 0 })
  })

  test('one who cannot be reviewed keeps nobody else waiting', async () => {
    const [bad] = (await ended(3)) as [string]
    const ctx = one.as()
    const sql: TestHouse['house']['sql'] = (fn, args) =>
      (args as { memberId?: string }).memberId === bad ? Promise.reject(new Error('stuck')) : ctx.sql(fn, args)
    expect(await reviewDueStandings({ ...ctx, sql }, { batch: 9 })).toMatchObject({ members: 3, landed: 2, failed: 1 })
    expect(await reviewDueStandings(ctx, { batch: 9 })).toMatchObject({ members: 1, landed: 1, failed: 0 })
  })

  test('a batch full of those who can never be reviewed keeps nobody else waiting, and they are tried again', async () => {
    const [first, second, third, ...good] = (await ended(7)) as [string, string, string, ...string[]]
    const bad = [first, second, third]
    const ctx = one.as()
    const sql: TestHouse['house']['sql'] = (fn, args) =>
      bad.includes((args as { memberId: string }).memberId) ? Promise.reject(new Error('stuck')) : ctx.sql(fn, args)
    await ctx.db.standing.updateMany({ where: { memberId: { in: bad } }, data: { reviewAt: new Date(0) } })
    const run = () => reviewDueStandings({ ...ctx, sql }, { batch: 2 })
    for (let runs = 0; runs < 6; runs++) await run()
    for (const memberId of good) expect(await standingOf(memberId)).toMatchObject({ tier: 2 })
    expect(await run()).toMatchObject({ members: 2, landed: 0, failed: 2 })
    expect(await reviewDueStandings(ctx, { batch: 9 })).toMatchObject({ members: 3, landed: 3, failed: 0 })
  })
})

describe('a return and the review', () => {
  test('after a landing takes nothing from the tier landed on', async () => {
    until('2041-03-03T12:00:00+08:00')
    const { memberId } = await till.visited()
    await buys(memberId, 2_500)
    until('2042-04-01T00:00:00+08:00')
    await reviewAll()
    const { orderId } = await buys(memberId, 40)
    expect(await till.takeBack(memberId, orderId)).toMatchObject({ tierBefore: 2, tierAfter: 2, growth: 40 })
  })

  test('of what had lifted again after a landing falls back to where it had landed', async () => {
    until('2043-03-03T12:00:00+08:00')
    const { memberId } = await till.visited()
    await buys(memberId, 2_500)
    until('2044-04-01T00:00:00+08:00')
    await reviewAll()
    const { orderId } = await buys(memberId, 5_000)
    expect(await till.takeBack(memberId, orderId)).toMatchObject({ tierBefore: 4, tierAfter: 2 })
    expect(await changesOf(memberId)).toEqual(['1→3 raised', '3→2 landed', '2→4 raised', '4→2 returned'])
  })

  test('of what alone had reached the tier before it landed ends what is left of it', async () => {
    until('2045-03-03T12:00:00+08:00')
    const { memberId } = await till.visited()
    const { orderId } = await buys(memberId, 2_500)
    until('2046-04-01T00:00:00+08:00')
    await reviewAll()
    const by = await newStaff(one, { role: 'manager', shop: till.clerk })
    expect(await till.takeBack(memberId, orderId, { by })).toMatchObject({ growth: 0, tierBefore: 2, tierAfter: 1 })
  })

  test('of what alone had kept the tier costs the step that it had saved', async () => {
    until('2047-03-03T12:00:00+08:00')
    const { memberId } = await till.visited()
    await buys(memberId, 2_000)
    until('2048-03-25T12:00:00+08:00')
    const { orderId } = await buys(memberId, 2_000)
    until('2048-04-01T00:00:00+08:00')
    expect(await reviewAll()).toMatchObject({ kept: 1, landed: 0 })
    expect(await till.takeBack(memberId, orderId)).toMatchObject({ tierBefore: 3, tierAfter: 2 })
  })

  test('within the days of the warning leads to one', async () => {
    until('2049-03-03T12:00:00+08:00')
    const { memberId } = await till.visited()
    await allows(memberId)
    await buys(memberId, 1_000)
    until('2050-03-20T12:00:00+08:00')
    await reviewAll()
    expect(await messagesOf(memberId)).toHaveLength(1)
    const { orderId } = await buys(memberId, 1_000)
    await till.takeBack(memberId, orderId)
    await reviewAll()
    expect(await messagesOf(memberId)).toHaveLength(1)
  })
})

describe('I-ID2: a merge of two who are due', () => {
  test('the survivor is due at the sooner, keeps the higher tier until its end, and the other never again', async () => {
    until('2051-03-03T12:00:00+08:00')
    const [kept, gone] = [await till.visited(), await till.visited()]
    await buys(kept.memberId, 1_000)
    until('2051-06-10T12:00:00+08:00')
    await buys(gone.memberId, 2_000)
    await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
    expect(await standingOf(kept.memberId)).toMatchObject({
      tier: 3,
      validUntil: new Date('2052-06-30T23:59:59.999+08:00'),
    })
    expect(await standingOf(gone.memberId)).toMatchObject({ reviewAt: new Date('9999-12-31') })
    expect(await changesOf(kept.memberId)).toEqual(['1→2 raised', '2→3 merged'])
    // each brought growth leaves on the day on which it would have left without the merge
    until('2052-03-04T00:00:00+08:00')
    expect(await reviewAll()).toMatchObject({ growthExpired: 1_000 })
    until('2052-06-11T00:00:00+08:00')
    expect(await reviewAll()).toMatchObject({ growthExpired: 2_000, landed: 0 })
    until('2052-07-01T00:00:00+08:00')
    expect(await reviewAll()).toMatchObject({ members: 1, landed: 1 })
  })

  test('two whose ends have passed land once', async () => {
    until('2053-03-03T12:00:00+08:00')
    const [kept, gone] = [await till.visited(), await till.visited()]
    for (const { memberId } of [kept, gone]) await buys(memberId, 2_000)
    until('2054-04-01T00:00:00+08:00')
    const work = await Promise.allSettled([
      inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId)),
      ...Array.from({ length: 6 }, () => reviewDueStandings(till.other.as(), { batch: 9 })),
    ])
    expect(work[0]?.status).toBe('fulfilled')
    await reviewAll()
    expect(await reviewAll()).toEqual(NOTHING)
    expect(await standingOf(kept.memberId)).toMatchObject({ tier: 2 })
    expect(await growthOf(kept.memberId)).toBe(0)
  })
})
