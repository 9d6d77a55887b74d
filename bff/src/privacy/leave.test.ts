import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds, expectLedgerProven, programmeTotals } from '../../../test/support/ledger'
import { newStaff, newVisit, type TestHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { adjust } from '../ledger/adjustment.fixture'
import { findSubject } from '../ledger/find-subject'
import { exchange, newReward, saver } from '../mall/mall.fixture'
import { getMe } from '../member/get-me'
import { account, award, memberHouse, newMember, newOpenid, owe, times } from '../member/member.fixture'
import { mergeMember } from '../member/merge-member'
import { holdOrder } from '../order/hold-order'
import { newcomer, type SessionHouse, sessionHouse } from '../session/session.fixture'
import { findVisit } from '../visit/find-visit'
import { closeByWechat, forgetRevoked } from '.'
import { askCancellation, withdrawCancellation } from './ask-cancellation'
import { eraseDueMembers } from './erase-due-members'
import { lookAtCancellation } from './look-cancellation'
import { CANCEL_PASSED, dump, foundIn, longLife } from './privacy.fixture'
import { sendOwnCode } from './prove-again'
import { purgeTradeRecords } from './purge-trade-records'

const database = testDatabase()
let one: SessionHouse
let two: TestHouse
beforeAll(async () => {
  one = await sessionHouse(database.url)
  two = memberHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), two.warm()])
})
afterAll(() => Promise.all([one.close(), two.close()]))

/** An application as the second proof would have let it through. */
const ask = (memberId: string) =>
  one.house.sql('cancellation_ask', {
    request: {
      actor: `m:${memberId}`,
      verb: 'privacy.cancel',
      requestId: randomUUID(),
      bodyHash: '0'.repeat(64),
      at: one.clock.at,
    },
    memberId,
    at: one.clock.at,
    dueAt: new Date(one.clock.at.getTime() + 7 * 86_400_000),
  })
const erase = (house: TestHouse = one) => eraseDueMembers(house.as(), { batch: 50 })
const stateOf = async (memberId: string) =>
  (await one.house.prisma.member.findUniqueOrThrow({ where: { memberId } })).status

test('what names a person is nowhere once they have left; the sums are as before, and what was bought stays without a name', async () => {
  const me = await longLife(one)
  const before = await dump(database.url)
  expect(new Set(foundIn(before, me.traces).map((line) => line.split(' in ')[0]))).toEqual(
    new Set(Object.keys(me.traces).filter((what) => what !== 'phone' && what !== 'name')),
  )
  const { losses } = await lookAtCancellation(me.ctx)
  expect(losses).toMatchObject({ coupons: 1, honours: 1 })
  expect(losses.redemptions.map(({ ready }) => ready).sort()).toEqual([false, true])
  await ask(me.memberId)
  const issued = (rows: Map<string, string>) => (rows.get('transfer') ?? '').split('\n').length
  expect(await erase()).toEqual({ found: 0, erased: 0, failed: 0 })
  one.clock.pass(CANCEL_PASSED)
  const both = await Promise.all([erase(one), erase(two), erase(one), erase(two)])
  expect(both.reduce((sum, { erased }) => sum + erased, 0)).toBe(1)
  const after = await dump(database.url)
  expect(foundIn(after, me.traces)).toEqual([])
  // the number is reserved and leads to nobody; nothing else says it
  expect([...after].filter(([, rows]) => rows.includes(me.memberNo)).map(([table]) => table)).toEqual(['member_no'])
  expect(await one.house.prisma.memberNo.count({ where: { memberId: me.memberId } })).toBe(0)
  expect(await one.house.prisma.member.findUniqueOrThrow({ where: { memberId: me.memberId } })).toMatchObject({
    status: 'cancelled',
    birthMonth: null,
    birthDay: null,
    nameSealed: null,
  })
  expect(await account(one, me.memberId)).toMatchObject({
    availablePoints: 0,
    pendingPoints: 0,
    debtPoints: 0,
    growth: 0,
  })
  expect(issued(after)).toBeGreaterThan(issued(before))
  await expectLedgerHolds(one.house.prisma)
  await expectLedgerProven(database.url)
  const gone = await one.house.prisma.cancellation.findFirstOrThrow({ where: { memberId: me.memberId } })
  expect(gone).toMatchObject({ state: 'done', summary: { coupons: expect.any(Number), redemptions: 2, growth: 2_528 } })
  expect(await one.house.prisma.order.count({ where: { memberId: me.memberId } })).toBe(me.orders)
  expect(await one.house.prisma.referralLink.count({ where: { memberId: me.memberId } })).toBe(0)
  expect(await one.house.prisma.referral.findFirst({ where: { inviterId: me.memberId } })).toMatchObject({
    reason: 'left',
  })
  // stock and pieces can be taken again
  expect(await one.house.prisma.rewardPiece.count({ where: { memberId: me.memberId } })).toBe(0)
  await gentlyUnknown(me.memberNo, me.memberId)

  expect((await purgeTradeRecords(one.as(), { batch: 50 })).purged).toBe(0)
  one.clock.pass(3 * 366 * 86_400_000)
  expect(await purgeTradeRecords(one.as(), { batch: 50 })).toEqual({ found: 1, purged: 1, failed: 0 })
  expect(await purgeTradeRecords(one.as(), { batch: 50 })).toEqual({ found: 0, purged: 0, failed: 0 })
  const left = await dump(database.url)
  expect(
    [...left]
      .filter(([, rows]) => rows.includes(me.memberId))
      .map(([table]) => table)
      .sort(),
  ).toEqual(expect.arrayContaining(['account', 'effect', 'lot', 'member', 'transfer']))
  expect(await one.house.prisma.order.count({ where: { memberId: me.memberId } })).toBe(0)
  await expectLedgerProven(database.url)
})

/** Whoever still asks for them hears the same as for somebody who never was. */
async function gentlyUnknown(memberNo: string, memberId: string): Promise<void> {
  const operator = await newStaff(one, { role: 'operator' })
  await refusalOf(findSubject(operator.ctx, { memberNo }), 'MEMBER_UNKNOWN')
  await refusalOf(adjust(operator, { memberNo }, 5), 'MEMBER_UNKNOWN')
  const at = { requestId: randomUUID(), tillId: operator.tillId, memberNo }
  await refusalOf(findVisit(operator.ctx, operator, at), 'MEMBER_UNKNOWN')
  await refusalOf(getMe(one.as(memberId)), 'SESSION_OVER')
  await refusalOf(lookAtCancellation(one.as(memberId)), 'SESSION_OVER')
  await refusalOf(exchange(one.as(memberId), await newReward(one, { points: 0 })), 'MEMBER_UNKNOWN')
}

test('beside 32 spends and 8 erasures: each spend happened before or not at all, nothing is lost', async () => {
  const me = await saver(one, 1_000)
  const reward = await newReward(one, { points: 10, stockTotal: 40 })
  await ask(me.memberId)
  one.clock.pass(CANCEL_PASSED)
  const spends = times(32, (n) => exchange((n % 2 ? two : one).as(me.memberId), reward))
  const erasures = times(8, (n) => erase(n % 2 ? two : one))
  const ends = await endsOf(spends)
  expect((await Promise.all(erasures)).reduce((sum, { erased }) => sum + erased, 0) + (await erase()).erased).toBe(1)
  expect(Object.keys(ends).every((end) => ['answer', 'MEMBER_UNKNOWN', 'BUSY'].includes(end))).toBe(true)
  expect(await one.house.prisma.redemption.count({ where: { memberId: me.memberId, state: 'cancelled' } })).toBe(
    ends.answer ?? 0,
  )
  const stock = await one.house.prisma.rewardStock.aggregate({
    where: { rewardId: reward.rewardId },
    _sum: { remaining: true },
  })
  expect(stock._sum.remaining).toBe(40)
  expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 0 })
  await expectLedgerHolds(one.house.prisma)
})

test('what is owed is written off; a withdrawal in time changes nothing, and a later application starts anew', async () => {
  const me = await newMember(one)
  await owe(one, me.memberId, 40)
  await award(one, me.memberId, { points: 30, activeInDays: 30 })
  await ask(me.memberId)
  await ask(me.memberId)
  expect((await lookAtCancellation(me.ctx)).asked).toMatchObject({ because: 'member' })
  const told = { memberId: me.memberId, template: 'leaving' }
  expect(await one.house.prisma.outboxMessage.count({ where: told })).toBe(1)
  // no record joins somebody who is leaving
  const other = await newMember(one)
  const merging = inTx(one.as(), (tx) => mergeMember(tx, me.memberId, other.memberId))
  expect(await refusalOf(merging, 'MERGE_BLOCKED')).toEqual({ blocker: 'leaving' })
  one.clock.pass(6 * 86_400_000)
  expect(await withdrawCancellation(me.ctx, { requestId: randomUUID() })).toEqual({ withdrawn: true })
  expect(await withdrawCancellation(me.ctx, { requestId: randomUUID() })).toEqual({ withdrawn: false })
  one.clock.pass(CANCEL_PASSED)
  await erase()
  expect(await stateOf(me.memberId)).toBe('active')
  expect((await lookAtCancellation(me.ctx)).asked).toBeNull()
  const before = await programmeTotals(one.house.prisma)
  await ask(me.memberId)
  one.clock.pass(CANCEL_PASSED)
  expect((await erase()).erased).toBe(1)
  expect(await programmeTotals(one.house.prisma)).toMatchObject({ points: before.points + 10 })
  await expectLedgerHolds(one.house.prisma)
})

test('a job, a price locked at a till and a waiting correction stand in the way, by name; a job that came later does, too', async () => {
  const clerk = await newStaff(one)
  expect(await refusalOf(ask(clerk.memberId), 'CANCEL_BLOCKED')).toEqual({ blocker: 'job' })
  const me = await newMember(one)
  const visit = await newVisit(one, me, clerk)
  await holdOrder(clerk.ctx, clerk, {
    requestId: randomUUID(),
    ...visit,
    fullFen: 3_000,
    couponIds: [],
    points: 0,
    payableFen: 2_940,
  })
  expect(await refusalOf(ask(me.memberId), 'CANCEL_BLOCKED')).toEqual({ blocker: 'live_hold' })
  one.clock.pass(11 * 60_000)
  const operator = await newStaff(one, { role: 'operator' })
  const { adjustmentId } = await adjust(operator, me, 900)
  expect(await refusalOf(ask(me.memberId), 'CANCEL_BLOCKED')).toEqual({ blocker: 'adjustment' })
  expect((await lookAtCancellation(me.ctx)).blockers).toEqual(['adjustment'])
  await one.house.prisma.adjustment.updateMany({
    where: { adjustmentId },
    data: { state: 'refused', decidedBy: clerk.memberId, decidedAt: one.clock.at },
  })
  await ask(me.memberId)
  await adjust(operator, me, 900)
  const job = { memberId: me.memberId, role: 'clerk', storeId: clerk.storeId, staffNo: '7', since: one.clock.at }
  await one.house.prisma.staff.create({ data: job })
  one.clock.pass(CANCEL_PASSED)
  expect(await erase()).toMatchObject({ found: 1, erased: 0, failed: 1 })
  await one.house.prisma.staff.update({ where: { memberId: me.memberId }, data: { endedAt: one.clock.at } })
  expect((await erase()).erased).toBe(1)
  expect(await one.house.prisma.adjustment.count({ where: { memberId: me.memberId, state: 'waiting' } })).toBe(0)
})

test('only the person themselves asks: by WeChat’s fresh code of this member, or the text to the bound phone; once a request', async () => {
  const [me, other] = [await newcomer(one), await newcomer(one)]
  const wechat = (key: string) => ({ kind: 'weapp' as const, code: one.sandbox.control.loginCode(key) })
  const requestId = randomUUID()
  await refusalOf(askCancellation(me.ctx, { requestId, proof: wechat(other.key) }), 'PROOF_NEEDED')
  const proof = wechat(me.key)
  const asked = { requestId, proof }
  const first = await askCancellation(me.ctx, asked)
  expect(await askCancellation(me.ctx, asked)).toEqual(first)
  expect(new Date(first.dueAt).getTime() - one.clock.at.getTime()).toBeGreaterThanOrEqual(7 * 86_400_000)

  const wrong = { kind: 'sms' as const, code: '000000' }
  await refusalOf(askCancellation(other.ctx, { requestId: randomUUID(), proof: wrong }), 'SMS_EXPIRED')
  const code = await one.textCode(other.phone)
  await askCancellation(other.ctx, { requestId: randomUUID(), proof: { kind: 'sms', code } })
  one.clock.pass(60_000)
  expect(await sendOwnCode(other.ctx)).toEqual({ resendAfterSeconds: 60 })
  const nameless = await newMember(one)
  await one.house.prisma.identity.deleteMany({ where: { memberId: nameless.memberId, kind: 'phone' } })
  await refusalOf(sendOwnCode(nameless.ctx), 'PROOF_NEEDED')
})

test('who comes back later is a new person: new number, no points, and the gift is judged anew', async () => {
  const me = await newcomer(one)
  await ask(me.memberId)
  one.clock.pass(CANCEL_PASSED)
  expect((await erase()).erased).toBeGreaterThanOrEqual(1)
  const back = await one.open({ kind: 'weapp', code: one.sandbox.control.loginCode(me.key) })
  expect(back.kind).toBe('guest')
})

test('what WeChat says was taken back goes: the phone with its number, the name; an openid that nobody has changes nothing', async () => {
  const me = await newcomer(one)
  const openid = one.sandbox.control.people().find(({ key }) => key === me.key)?.openids[one.house.weappId] as string
  const account = { memberId: me.memberId, appid: one.house.weappId, openid }
  await one.house.prisma.member.update({
    where: { memberId: me.memberId },
    data: { nameSealed: one.house.keys.seal('小满') },
  })
  await inTx(one.as(), (tx) => forgetRevoked(tx, { ...account, revoked: [2, 7] }))
  expect(await getMe(me.ctx)).toMatchObject({ displayName: '小满', phoneMasked: expect.any(String) })
  await inTx(one.as(), (tx) => forgetRevoked(tx, { ...account, openid: 'nobody', revoked: [8] }))
  await inTx(one.as(), (tx) => forgetRevoked(tx, { ...account, revoked: [6, 8] }))
  await inTx(one.as(), (tx) => forgetRevoked(tx, { ...account, revoked: [6, 8] }))
  expect(await getMe(me.ctx)).toMatchObject({ displayName: '茶友', phoneMasked: null })
  const former = await one.house.prisma.formerIdentity.findMany({ where: { memberId: me.memberId } })
  expect(former).toMatchObject([{ kind: 'phone', because: 'revoked', subjectSealed: null }])

  await inTx(one.as(), (tx) => closeByWechat(tx, account))
  await inTx(one.as(), (tx) => closeByWechat(tx, account))
  expect(await one.house.prisma.identity.count({ where: { memberId: me.memberId } })).toBe(0)
  expect(await one.house.prisma.session.count({ where: { memberId: me.memberId, revokedAt: null } })).toBe(0)
  expect(await one.house.prisma.cancellation.findMany({ where: { memberId: me.memberId } })).toMatchObject([
    { state: 'asked', because: 'wechat' },
  ])
  // who has a phone can still come in, and is not leaving
  const other = await newcomer(one)
  const theirs = one.sandbox.control.people().find(({ key }) => key === other.key)?.openids[one.house.weappId] as string
  await inTx(one.as(), (tx) => closeByWechat(tx, { ...account, openid: theirs }))
  expect(await one.house.prisma.cancellation.count({ where: { memberId: other.memberId } })).toBe(0)
})

test('who is leaving still signs in, though a late unionid says that another record is theirs; they become one after a withdrawal', async () => {
  const unionid = newOpenid()
  const { key } = one.stranger({ unionid })
  const openid = one.sandbox.control.people().find((person) => person.key === key)?.openids[one.house.weappId] as string
  const [me, other] = await Promise.all([
    newMember(one, { weapp: { openid } }),
    newMember(one, { weapp: { openid: newOpenid(), unionid } }),
  ])
  await ask(me.memberId)
  const signIn = () => one.open({ kind: 'weapp', code: one.sandbox.control.loginCode(key) })
  expect(await signIn()).toMatchObject({ kind: 'member', memberId: me.memberId })
  expect(await stateOf(other.memberId)).toBe('active')
  await withdrawCancellation(me.ctx, { requestId: randomUUID() })
  await signIn()
  expect([await stateOf(me.memberId), await stateOf(other.memberId)].sort()).toEqual(['active', 'merged'])
})
