import { randomUUID } from 'node:crypto'
import { codeStep } from '@huiyuan/shared/code'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { revokeDevice } from '../code/revoke-device'
import { inTx } from '../ctx'
import { keysFrom } from '../keys'
import { mergeMember } from '../member'
import { findOrder } from '../order'
import { scanVisit } from '../visit/scan-visit'
import { decideClash } from './decide-clash'
import { listClashes } from './list-clashes'
import type { SentEntry, SyncedEntry } from './sync-offline'
import { entryOf, newProvenPhone, newTablet, syncBy, type TestTablet } from './tablet.fixture'
import { enrolTablet, revokeTablet, showGround } from './tablets'

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
  const [account, orders] = await Promise.all([
    one.as().db.account.findUniqueOrThrow({ where: { memberId } }),
    one.as().db.order.count({ where: { memberId } }),
  ])
  return { growth: account.growth, orders }
}

describe('clashes', () => {
  test('each kind is told, none stands in the way of another entry, and sent again it is the same', async () => {
    const [buyer, removed, erased] = [await member(), await member(), await member()]
    const at = ago(60 * MINUTE)
    const iso = (time: Date) => time.toISOString()
    let minutes = 0
    // each entry has a code of its own
    const made = (more: (time: Date) => Partial<SentEntry>, who = buyer) => {
      const time = new Date(at.getTime() - ++minutes * MINUTE)
      return entryOf(tablet, who.phone, time, more(time))
    }
    await revokeDevice(removed.ctx, { requestId: randomUUID(), deviceId: removed.phone.deviceId })
    const left = made(() => ({}), erased)
    await one.as().sql('code_erase', { memberId: erased.memberId, records: [erased.memberId], at: one.clock.at })
    const forged = (time: Date) => buyer.phone.provenAt(stepOf(time)).replace(/\d{4}$/, '0000')
    const after = entryOf(tablet, removed.phone, new Date(one.clock.at.getTime() + 30_000))
    const settled = made(() => ({}))
    const cases: [SentEntry, string][] = [
      [made(() => ({ amountFen: 0 })), 'amount_invalid'],
      [made(() => ({ amountFen: -2_000_000_000 })), 'amount_invalid'],
      [made(() => ({ code: 'hello' })), 'code_wrong'],
      [made(() => ({ code: `9${buyer.phone.handle}0000000` })), 'code_wrong'],
      [made((time) => ({ code: forged(time) })), 'proof_wrong'],
      [made((time) => ({ code: buyer.phone.codeAt(stepOf(time) - 5) })), 'code_old'],
      [made((time) => ({ code: buyer.phone.provenAt(stepOf(time) - 500) })), 'code_old'],
      [made((time) => ({ soldAt: iso(new Date(time.getTime() + 11 * MINUTE)) })), 'code_old'],
      [after, 'phone_removed'],
      [left, 'member_unknown'],
      [made(() => ({ code: '900000000000000000' })), 'member_unknown'],
      [entryOf(tablet, buyer.phone, ago(-6 * MINUTE)), 'from_future'],
      [entryOf(tablet, buyer.phone, ago(7 * DAY + MINUTE)), 'too_late'],
      [made(() => ({}), removed), 'settled'],
      [settled, 'settled'],
    ]
    const expected = cases.map(([{ sequence }, end]) => `${sequence} ${end}`)
    const endsOfSync = (results: SyncedEntry[]) =>
      results.map(({ sequence, state, clash }) => `${sequence} ${clash ?? state}`)
    expect(endsOfSync(await sync(cases.map(([entry]) => entry)))).toEqual(expected)
    one.clock.pass(20 * DAY)
    expect(endsOfSync(await sync(cases.map(([entry]) => entry).reverse(), other))).toEqual(expected.reverse())
    expect(await only({ ...settled, amountFen: 99_900 })).toEqual({
      sequence: settled.sequence,
      state: 'clash',
      clash: 'sequence_reused',
    })
    expect(await booksOf(buyer.memberId)).toMatchObject({ orders: 1, growth: 68 })
    expect((await listClashes(manager.ctx, manager)).clashes).toHaveLength(13)
  })

  test('digits that could still open a visit are not told to be right: what is to come is wrong, what is of now is spent', async () => {
    const { phone } = await member()
    const now = one.clock.at
    const soon = entryOf(tablet, phone, now, { code: phone.codeAt(stepOf(now) + 20) })
    const unsigned = entryOf(tablet, phone, now, {
      code: phone.provenAt(stepOf(now) + 2_000).replace(/\d{4}$/, '0000'),
    })
    const ahead = entryOf(tablet, phone, ago(-6 * MINUTE))
    expect(await sync([soon, unsigned, ahead])).toMatchObject([
      ...[{ clash: 'code_wrong' }, { clash: 'code_wrong' }, { clash: 'from_future' }],
    ])
    expect((await listClashes(manager.ctx, manager)).clashes.map(({ awardable }) => awardable)).toEqual(
      Array(3).fill(false),
    )
    expect(await only(entryOf(tablet, phone, now, { amountFen: 0 }))).toMatchObject({ clash: 'amount_invalid' })
    const scan = (step: number) =>
      scanVisit(clerk.ctx, clerk, { requestId: randomUUID(), code: phone.codeAt(step), tillId: clerk.tillId })
    await refusalOf(scan(stepOf(now)), 'CODE_USED')
    await scan(stepOf(now) + 1)
  })

  test.each(['1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])(
    'awarded by a tablet that took now for %s, a sale earns as one of now and is found by its number',
    async (soldAt) => {
      const { memberId, phone } = await member()
      const code = phone.provenAt(stepOf(one.clock.at))
      const entry = entryOf(tablet, phone, one.clock.at, { code, scannedAt: soldAt, soldAt })
      expect(await only(entry)).toMatchObject({ state: 'clash' })
      const decision = { tillId: tablet.tillId, sequence: entry.sequence, how: 'award' as const, reason: '小票在' }
      const { orderNo = '' } = await decideClash(manager.ctx, manager, { requestId: randomUUID(), ...decision })
      expect(await findOrder(manager.ctx, manager, orderNo)).toMatchObject({ orderNo, channel: 'offline' })
      const lot = await one.as().db.lot.findFirstOrThrow({ where: { memberId } })
      expect(lot.activeAt.getTime() - one.clock.at.getTime()).toBeGreaterThan(13 * DAY)
      expect(lot.activeAt.getTime() - one.clock.at.getTime()).toBeLessThan(16 * DAY)
    },
  )

  test('of an ended tablet: what it sold before is taken, what it sold since is not, and it gets no ground any more', async () => {
    const { phone } = await member()
    const [before, after] = [entryOf(tablet, phone, ago(MINUTE)), entryOf(tablet, phone, ago(-2 * MINUTE))]
    const { tabletId } = tablet
    expect(await showGround(clerk.ctx, clerk, { tabletId })).toMatchObject({
      tillId: tablet.tillId,
      serverNow: one.clock.at.getTime(),
    })
    const asked = { requestId: randomUUID(), tabletId }
    await Promise.all(Array.from({ length: 8 }, () => revokeTablet(manager.ctx, manager, asked)))
    one.clock.pass(5 * MINUTE)
    expect(await sync([after, before])).toMatchObject([{ clash: 'tablet_revoked' }, { state: 'settled' }])
    await refusalOf(showGround(clerk.ctx, clerk, { tabletId }), 'TABLET_REVOKED')
  })

  test('are decided once: awarded to who holds the phone by now, or dismissed; 16 managers at once', async () => {
    const [kept, gone] = [await newMember(one), await member()]
    const old = entryOf(tablet, gone.phone, ago(8 * DAY))
    const wrong = entryOf(tablet, gone.phone, ago(MINUTE), { code: `9${gone.phone.handle}0000000` })
    await sync([old, wrong])
    await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
    const decide = ({ sequence }: SentEntry, how: 'award' | 'dismiss', by = manager) =>
      decideClash(by.ctx, by, { requestId: randomUUID(), tillId: tablet.tillId, sequence, how, reason: '小票在' })
    await refusalOf(decide(wrong, 'award'), 'MEMBER_UNKNOWN')
    await refusalOf(decide(old, 'award', await newStaff(one, { role: 'manager' })), 'NOT_FOUND')
    await refusalOf(decide(old, 'dismiss', clerk), 'ROLE_NEEDED')
    expect(await decide(wrong, 'dismiss')).toMatchObject({
      state: 'dismissed',
      clash: 'code_wrong',
      tillId: tablet.tillId,
    })
    const ends = await endsOf(Array.from({ length: 16 }, (_, n) => decide(old, n % 4 ? 'award' : 'dismiss')))
    expect(ends).toEqual({ answer: 1, CLASH_DONE: 15 })
    const [{ state } = { state: '' }] = await sync([old])
    expect(await booksOf(kept.memberId)).toMatchObject({ orders: state === 'settled' ? 1 : 0 })
    expect((await listClashes(manager.ctx, manager)).clashes).toEqual([])
  })
})

describe('tablets', () => {
  test('one at a till; the next one counts where no number of the one before can be', async () => {
    const wish = () => ({ requestId: randomUUID() as string, tillId: tablet.tillId, label: '新平板' })
    await refusalOf(enrolTablet(manager.ctx, manager, wish()), 'TABLET_TAKEN')
    await revokeTablet(manager.ctx, manager, { requestId: randomUUID(), tabletId: tablet.tabletId })
    const ends = await Promise.allSettled(Array.from({ length: 8 }, () => enrolTablet(manager.ctx, manager, wish())))
    const made = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
    expect(made).toMatchObject([{ firstSequence: tablet.firstSequence + 1_000_000 }])
    const { phone } = await member()
    await refusalOf(
      syncBy(one, clerk, made[0] as { tabletId: string }, [entryOf(tablet, phone, ago(MINUTE))]),
      'BAD_INPUT',
    )
    await refusalOf(syncBy(one, await newStaff(one), tablet, [entryOf(tablet, phone, ago(MINUTE))]), 'NOT_FOUND')
  })

  test('while the house’s keys rotate both are given out, and a proof under either is accepted', async () => {
    const { phone } = await member()
    const [a, b] = [7, 9].map((byte) => Buffer.alloc(32, byte).toString('base64'))
    const both = testHouse(database.url, { keys: keysFrom(`2:${b},${a}`), clock: one.clock })
    const given = (house: TestHouse) => showGround(house.as(clerk.memberId), clerk, tablet)
    expect((await given(both)).publicKeys.map(({ number }) => number)).toEqual([2, 1])
    expect((await given(one)).publicKeys).toEqual((await given(both)).publicKeys.slice(1))
    const at = ago(MINUTE)
    const entries = [entryOf(tablet, phone, at, { code: phone.provenAt(stepOf(at)) })]
    expect(await syncBy(both, clerk, tablet, entries)).toMatchObject([{ state: 'settled' }])
    await both.close()
  })
})
