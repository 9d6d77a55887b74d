import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newStaff, newVisit, type Person, type TestHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { verifyAudit } from '../audit/verify-audit'
import { inTx } from '../ctx'
import { twoOperators } from '../ledger/adjustment.fixture'
import { attachProofs, phoneProof, settleProofs } from '../member'
import {
  account,
  award,
  holderOf,
  memberHouse,
  newMember,
  newNumber,
  newOpenid,
  oldCard,
  times,
} from '../member/member.fixture'
import { holdOrder } from '../order/hold-order'
import { quoteOrder } from '../order/quote-order'
import { snapshotOf } from './before-after.fixture'
import { findPerson } from './find-person'
import { listMerges, showMerge } from './list-merges'
import { mergePair } from './merge-pair'
import { previewMerge } from './preview-merge'
import { previewUndo, undoMerge } from './undo-merge'

const database = testDatabase()
let one: TestHouse
let two: TestHouse
let maker: Colleague
let other: Colleague
beforeAll(async () => {
  one = memberHouse(database.url)
  two = memberHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), two.warm()])
  ;[maker, other] = await twoOperators(one)
})
afterEach(() => expectLedgerHolds(one.house.prisma))
afterAll(() => Promise.all([one.close(), two.close()]))

type Named = Pick<Person, 'memberNo'>
const pairOf = (a: Named, b: Named) => ({ one: a.memberNo, two: b.memberNo })
const look = (a: Named, b: Named, by = maker) => previewMerge(by.ctx, pairOf(a, b))
const join = async (a: Named, b: Named, seal?: string, by = maker, requestId = randomUUID()) =>
  mergePair(by.ctx, { requestId, ...pairOf(a, b), note: '本人来电', seal: seal ?? (await look(a, b, by)).seal })
const lookBack = (mergeId: string, charge: 'survivor' | 'programme' = 'survivor', by = maker) =>
  previewUndo(by.ctx, { mergeId, charge })
const part = async (mergeId: string, seal?: string, by = maker) =>
  undoMerge(by.ctx, {
    requestId: randomUUID(),
    mergeId,
    charge: 'survivor',
    note: '认错了人',
    seal: seal ?? (await lookBack(mergeId, 'survivor', by)).seal,
  })
const blockersOf = async (of: Promise<{ blockers: { blocker: string }[] }>) =>
  (await of).blockers.map(({ blocker }) => blocker)

test('a preview says what the merge then does, names who stays, and changes nothing', async () => {
  const me = await newMember(one, { phone: newNumber(), name: '林小满' })
  const card = await oldCard(one, { points: 320, name: '林小满' })
  await award(one, me.memberId, { points: 40, growth: 300 })
  const ids = [me.memberId, card.memberId]
  const before = await snapshotOf(one.house.prisma, ids)
  const seen = await look(card, me)
  expect(seen).toMatchObject({
    blockers: [],
    warnings: [],
    came: { points: 320 },
    reversed: [{ kind: 'phone_dropped' }],
  })
  expect([seen.survivor.memberNo4, seen.other.memberNo4]).toEqual([me, card].map(({ memberNo }) => memberNo.slice(-4)))
  expect(seen.survivor.nameMasked).toBe('林**')
  expect(JSON.stringify(seen)).not.toMatch(/林小满|\+?86138\d{8}|138\d{8}/)
  expect(await snapshotOf(one.house.prisma, ids)).toEqual(before)

  const requestId = randomUUID()
  const done = await join(me, card, seen.seal, maker, requestId)
  expect(done).toMatchObject({ came: seen.came, reversed: seen.reversed })
  expect(await join(me, card, seen.seal, maker, requestId)).toEqual(done)
  expect(await findPerson(maker.ctx, { said: card.memberNo })).toMatchObject({ viaMerged: true, points: 360 })
  const [shown] = (await listMerges(maker.ctx, {})).merges
  expect(shown).toMatchObject({ mergeId: done.mergeId, because: 'operator', note: '本人来电', undone: null })
  const lines = await verifyAudit(maker.ctx, maker.storeId)
  expect(lines).toMatchObject({ brokenAt: null })

  const back = await part(done.mergeId)
  expect(back).toMatchObject({ back: { points: 320 }, restored: [{ kind: 'phone_dropped' }], lost: [] })
  expect(await snapshotOf(one.house.prisma, ids)).toEqual(before)
  expect(await showMerge(maker.ctx, { mergeId: done.mergeId })).toMatchObject({
    undone: { charge: 'survivor', note: '认错了人' },
    separated: { memberNo4: card.memberNo.slice(-4), points: 320 },
  })
})

test('what has changed since it was looked at is looked at again', async () => {
  const [a, b] = [await newMember(one), await oldCard(one, { points: 100 })]
  const { seal } = await look(a, b)
  await award(one, b.memberId, { points: 5 })
  await refusalOf(join(a, b, seal), 'PREVIEW_CHANGED')
  const { mergeId } = await join(a, b)
  const undo = await lookBack(mergeId)
  expect(undo.back).toMatchObject({ points: 105 })
  await one.house.sql('ledger_adjust', {
    ...{ memberId: a.memberId, at: one.clock.at, kind: 'adjustment', sourceId: randomUUID(), points: -30 },
    ...{ expiresAt: one.clock.at, reason: 'adjusted', detail: { title: '更正' } },
  })
  await refusalOf(part(mergeId, undo.seal), 'PREVIEW_CHANGED')
})

test('every blocker has a name, in the preview and in the deed', async () => {
  const [a, b, c] = [await newMember(one, { weapp: null }), await oldCard(one), await oldCard(one)]
  expect(await blockersOf(look(a, a))).toEqual(['same_record'])
  expect(await blockersOf(look(a, other, other))).toContain('own_record')
  await refusalOf(join(a, other, '0'.repeat(32), other), 'MERGE_BLOCKED')
  const clerks = [await newStaff(one), await newStaff(one)] as const
  expect(await blockersOf(look(...clerks))).toEqual(['two_jobs'])
  await one.house.prisma.cancellation.create({
    data: { memberId: c.memberId, askedAt: one.clock.at, dueAt: one.clock.at, state: 'asked', because: 'member' },
  })
  expect(await blockersOf(look(a, c))).toEqual(['leaving'])
  await refusalOf(look(a, { memberNo: '8999999999999999' }), 'MEMBER_UNKNOWN')

  // newest first: what came later builds on it
  const first = await join(a, b)
  const d = await oldCard(one, { joinedDaysAgo: 900 })
  const later = await join(b, d)
  expect((await lookBack(first.mergeId)).blockers).toEqual([{ blocker: 'later_merge', mergeId: later.mergeId }])
  expect(await refusalOf(part(first.mergeId, '0'.repeat(32)), 'MERGE_BLOCKED')).toEqual({
    blocker: 'later_merge',
    mergeId: later.mergeId,
  })
  await part(later.mergeId)
  await part(first.mergeId)
  expect(await blockersOf(lookBack(first.mergeId))).toContain('undone')
  await refusalOf(lookBack(randomUUID()), 'NOT_FOUND')
})

test('a price that is locked just now blocks an undo; two WeChat persons and those separated before are warned of', async () => {
  const [a, b] = [await newMember(one), await newMember(one, { weapp: { openid: newOpenid() } })]
  expect((await look(a, b)).warnings).toEqual([{ warning: 'two_wechats' }])
  const { mergeId } = await join(a, b)
  const survivor = (await one.house.prisma.mergeRecord.findFirstOrThrow({ where: { mergeId } })).memberId
  const clerk = await newStaff(one)
  const stay = await newVisit(one, survivor === a.memberId ? a : b, clerk)
  const visit = { visitId: stay.visitId, memberRef: stay.memberRef, fullFen: 1_000 }
  const { payableFen } = await quoteOrder(clerk.ctx, clerk, { ...visit, coupons: 'none' })
  await holdOrder(clerk.ctx, clerk, { requestId: randomUUID(), ...visit, couponIds: [], points: 0, payableFen })
  expect(await blockersOf(lookBack(mergeId))).toEqual(['live_hold'])
  one.clock.pass(11 * 60_000)
  await part(mergeId)
  expect((await look(a, b)).warnings).toEqual([{ warning: 'kept_apart' }, { warning: 'two_wechats' }])
  // also under the record that one of them is part of by now
  const third = await oldCard(one)
  await join(b, third)
  await join(third, await oldCard(one))
  expect((await look(a, third)).warnings).toContainEqual({ warning: 'kept_apart' })
})

test('a card’s number finds its owner, however it is typed', async () => {
  const me = await newMember(one)
  const [{ at }, digits] = [one.clock, me.memberNo.slice(-8)]
  const plastic = { kind: 'store_card', issuer: '', subject: `HZ${digits}` }
  await one.house.prisma.identity.create({ data: { ...plastic, memberId: me.memberId, provenAt: at, firstAt: at } })
  expect(await findPerson(maker.ctx, { said: `hz-${digits}` })).toMatchObject({ memberNo4: me.memberNo.slice(-4) })
})

test('a sign-in that has just found its person in a survivor ends before there are two', async () => {
  const a = await newMember(one, { joinedDaysAgo: 2 })
  const b = await newMember(one, { weapp: null, phone: newNumber() })
  const { mergeId } = await join(a, b)
  const proof = phoneProof(one.house.keys, b.phone as string)
  const waits = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  let undo: Promise<unknown> | undefined
  await inTx(two.as(), async (tx) => {
    const { found, take } = await settleProofs(tx, [proof])
    expect(found).toEqual({ kind: 'attach', memberId: a.memberId })
    undo = part(mergeId)
    const over = undo.then(
      () => true,
      () => true,
    )
    const soon = () => new Promise<boolean>((later) => setTimeout(later, 20, false))
    while (!(await Promise.race([over, soon()])))
      if ((await one.house.prisma.$queryRawUnsafe<unknown[]>(waits)).length > 0) break
    await attachProofs(tx, a.memberId, take)
  })
  await undo
  expect(await holderOf(one, b.phone as string)).toBe(b.memberId)
})

describe('at once', () => {
  test('two operators, from both sides, 32 times over two processes: one merge; then one undo', async () => {
    const [a, b] = [await newMember(one, { joinedDaysAgo: 2 }), await oldCard(one, { points: 70 })]
    const { seal } = await look(a, b)
    const by = (n: number) => ({ ctx: (n % 2 ? two : one).as((n % 4 < 2 ? maker : other).memberId) }) as Colleague
    const merges = await endsOf(times(32, (n) => join(...((n % 2 ? [a, b] : [b, a]) as [Named, Named]), seal, by(n))))
    expect(merges.answer).toBe(1)
    expect(await account(one, a.memberId)).toMatchObject({ availablePoints: 70 })
    const { mergeId } = await one.house.prisma.mergeRecord.findFirstOrThrow({ where: { otherId: b.memberId } })
    const undo = await lookBack(mergeId)
    const undos = await endsOf(times(32, (n) => part(mergeId, undo.seal, by(n))))
    expect(undos).toEqual({ answer: 1, MERGE_BLOCKED: 31 })
    expect(await account(one, b.memberId)).toMatchObject({ availablePoints: 70 })
    expect(await account(one, a.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
  })
})
