import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import type { Colleague } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { refusalOf } from '../../../test/support/refusals'
import { times } from '../member/member.fixture'
import { appealReferral } from './appeal-referral'
import { decideReferral } from './decide-referral'
import { judgeHeldReferrals, judgeReferral } from './judge-referral'
import { listReviews } from './list-reviews'
import { type ReviewRoom, reviewRoom } from './review.fixture'
import { showReferral } from './show-referral'

const database = testDatabase()
let room: ReviewRoom
let tang: Colleague
let an: Colleague
beforeAll(async () => {
  room = reviewRoom(database.url)
  await room.open()
  ;[tang, an] = await room.operators()
})
afterEach(async () => {
  await expectLedgerHolds(room.prisma)
  await expectPromisesHold(room.prisma, room.one.clock.at)
})
afterAll(() => room.close())

describe('a family on one phone', () => {
  test('is held for a person with its place and its points, is paid on review, and nobody reads why but in words', async () => {
    const { campaign, mei, friend } = await room.family()
    expect(await judgeHeldReferrals(room.two.as(), { batch: 100 })).toMatchObject({ doubted: 1, failed: 0 })
    expect(await room.edge(friend)).toMatchObject({
      state: 'review',
      doubts: ['same_device'],
      facts: { sharedDevices: 1 },
    })
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
    const mine = await showReferral(mei.ctx)
    expect(mine.totals).toMatchObject({ heldPoints: 0, reviewPoints: 100 })
    expect(mine.friends[0]).toMatchObject({ words: '已下首单，正由同事核对，核对好照常到账', mayAppealUntil: null })
    expect(mine.friends[0]?.doubts).toHaveLength(1)
    expect((await showReferral(friend.ctx)).invitedBy?.words).toBe('你已下首单，对方的谢礼正由同事核对')
    // not paid while nobody has looked, and its day does not change that
    room.one.clock.pass(16 * DAY_MS)
    await room.release()
    expect(await room.edge(friend)).toMatchObject({ state: 'review' })
    expect(await room.caseOf(tang, friend, 'review')).toMatchObject({
      inviter: { nameMasked: '小*' },
      doubts: [{ doubt: 'same_device' }],
      appeal: null,
      earlier: null,
    })
    expect(await room.decide(tang, friend, 'review', 'pay')).toEqual({ state: 'held', reason: null })
    await room.release()
    expect(await room.edge(friend)).toMatchObject({ state: 'released', cleared: ['same_device'], answer: '看过了' })
    expect((await room.account(mei.memberId)).availablePoints).toBe(100)
  })

  test('refused by one colleague, granted on appeal by another: its place and its points are taken anew', async () => {
    const { campaign, mei, friend } = await room.family()
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    expect(await room.decide(tang, friend, 'review', 'refuse')).toEqual({ state: 'refused', reason: 'same_device' })
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([0, 0])
    const { referralId, mayAppealUntil } = (await showReferral(mei.ctx)).friends[0] as {
      referralId: string
      mayAppealUntil: string
    }
    expect(mayAppealUntil).toBe(new Date(room.one.clock.at.getTime() + 30 * DAY_MS).toISOString())
    const ask = () => appealReferral(mei.ctx, { requestId: randomUUID(), referralId, words: '是我妹妹，手机借她用过' })
    await refusalOf(appealReferral(friend.ctx, { requestId: randomUUID(), referralId, words: '不是我的' }), 'NOT_FOUND')
    const asked = await Promise.allSettled(times(16, ask))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await refusalOf(ask(), 'APPEAL_DONE')
    expect(await room.caseOf(tang, friend, 'appeal')).toMatchObject({
      appeal: { words: '是我妹妹，手机借她用过' },
      earlier: { answer: '看过了' },
    })
    await refusalOf(room.decide(tang, friend, 'appeal', 'pay'), 'REVIEW_OWN')
    const { caseRef } = await room.caseOf(tang, friend, 'appeal')
    // many at once, in two processes: one decides
    const decided = await Promise.allSettled(
      times(16, (n) =>
        decideReferral(room.at(n).as(an.memberId), { requestId: randomUUID(), caseRef, how: 'pay', answer: '' }),
      ),
    )
    expect(decided.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await room.edge(friend)).toMatchObject({
      state: 'held',
      reason: null,
      settledAt: null,
      cleared: ['same_device'],
    })
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
    expect((await showReferral(mei.ctx)).friends[0]).toMatchObject({ appeal: { state: 'granted' }, doubts: [] })
    room.one.clock.pass(16 * DAY_MS)
    await room.release()
    expect(await room.edge(friend)).toMatchObject({ state: 'released' })
  })

  test('a granted appeal that finds neither place nor points left, or the purchase gone, says so', async () => {
    const gone = await room.family({ budgetPoints: 100 })
    const full = await room.family({ perInviterCap: 1 })
    const back = await room.family()
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    for (const { friend } of [gone, full, back]) await room.decide(tang, friend, 'review', 'refuse')
    await room.prisma.referralCampaign.update({ where: gone.campaign, data: { spentPoints: 100 } })
    await room.prisma.referralQuota.updateMany({ where: { memberId: full.mei.memberId }, data: { taken: 1 } })
    await room.giveBack(back.order)
    for (const [{ mei, friend }, reason] of [
      [gone, 'budget'],
      [full, 'cap'],
      [back, 'purchase_returned'],
    ] as const) {
      const { referralId } = await room.edge(friend)
      await appealReferral(mei.ctx, { requestId: randomUUID(), referralId, words: '请再看看' })
      expect(await room.decide(an, friend, 'appeal', 'pay')).toEqual({ state: 'refused', reason })
    }
    await room.prisma.referralCampaign.update({ where: gone.campaign, data: { spentPoints: 0 } })
    await room.prisma.referralQuota.updateMany({ where: { memberId: full.mei.memberId }, data: { taken: 0 } })
  })

  test('an appeal comes too late after its days, never for what no look would change, and goes with who leaves', async () => {
    const { mei, friend } = await room.family()
    const none = await room.join(mei.code, { openedAt: room.one.clock.at.getTime() - 30 * DAY_MS })
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    await room.decide(tang, friend, 'review', 'refuse')
    const ask = (referralId: string) =>
      appealReferral(mei.ctx, { requestId: randomUUID(), referralId, words: '请再看看' })
    await refusalOf(ask((await room.edge(none)).referralId), 'REVIEW_DONE')
    const { referralId } = await room.edge(friend)
    await ask(referralId)
    const paid = await room.join(mei.code)
    const order = await room.buy(paid.memberId)
    room.one.clock.pass(16 * DAY_MS)
    await room.release()
    expect(await room.edge(paid)).toMatchObject({ state: 'released' })
    await room.leave(mei)
    expect(await room.prisma.referralAppeal.count({ where: { referralId } })).toBe(0)
    expect(await room.edge(friend)).toMatchObject({ facts: null, answer: null })
    // what a friend bought can go back although nobody is there to give a reward back
    await room.giveBack(order)
    expect(await room.edge(paid)).toMatchObject({ state: 'refused', reason: 'purchase_returned', clawedBack: false })

    const late = await room.family()
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    await room.decide(tang, late.friend, 'review', 'refuse')
    room.one.clock.pass(30 * DAY_MS)
    const refused = appealReferral(late.mei.ctx, {
      requestId: randomUUID(),
      referralId: (await room.edge(late.friend)).referralId,
      words: '请再看看',
    })
    await refusalOf(refused, 'APPEAL_OVER')
  })
})

test('nobody decides about themselves or their friends; a case that is decided is over', async () => {
  const { mei, friend } = await room.family()
  await judgeHeldReferrals(room.one.as(), { batch: 100 })
  for (const { memberId } of [mei, friend])
    await room.prisma.staff.create({
      data: {
        memberId,
        role: 'operator',
        storeId: tang.storeId,
        staffNo: memberId.slice(-6),
        since: room.one.clock.at,
      },
    })
  const { caseRef } = await room.caseOf(tang, friend, 'review')
  // nor do they read what was found
  for (const { memberId } of [mei, friend]) {
    const { cases } = await listReviews(room.one.as(memberId), { state: 'review' })
    expect(cases.filter(({ campaign }) => campaign === friend.openid)).toEqual([])
  }
  const by = (memberId: string) =>
    decideReferral(room.one.as(memberId), { requestId: randomUUID(), caseRef, how: 'pay', answer: '' })
  await refusalOf(by(mei.memberId), 'REVIEW_OWN')
  await refusalOf(by(friend.memberId), 'REVIEW_OWN')
  await by(tang.memberId)
  await refusalOf(by(an.memberId), 'REVIEW_DONE')
  await room.prisma.staff.updateMany({
    where: { memberId: { in: [mei.memberId, friend.memberId] } },
    data: { endedAt: room.one.clock.at },
  })
})

test('where nobody else could, who refused decides on the appeal, and the audit says so', async () => {
  const { mei, friend } = await room.family()
  await judgeHeldReferrals(room.one.as(), { batch: 100 })
  await room.decide(tang, friend, 'review', 'pay')
  const { memberId, referralId } = await room.edge(friend)
  await Promise.all([room.seen(mei, 'payer', 'wallet'), room.seen(friend, 'payer', 'wallet')])
  await judgeReferral(room.one.as(), { memberId, referralId })
  // for what nobody had cleared
  expect(await room.decide(tang, friend, 'review', 'refuse')).toEqual({ state: 'refused', reason: 'same_payer' })
  const refused = await appealReferral(mei.ctx, { requestId: randomUUID(), referralId, words: '是我先生付的' })
  expect(refused.askedAt).toBe(room.one.clock.at.toISOString())
  const verbs = async () =>
    (await room.prisma.auditEntry.findMany({ where: { subject: referralId }, orderBy: { at: 'asc' } })).map(
      ({ verb }) => verb,
    )
  await refusalOf(room.decide(tang, friend, 'appeal', 'pay'), 'REVIEW_OWN')
  const others = { role: 'operator', endedAt: null, memberId: { not: tang.memberId } }
  const left = await room.prisma.staff.findMany({ where: others })
  await room.prisma.staff.updateMany({ where: others, data: { endedAt: room.one.clock.at } })
  expect(await room.decide(tang, friend, 'appeal', 'pay')).toEqual({ state: 'held', reason: null })
  expect((await verbs()).sort()).toEqual(['referral.decide', 'referral.decide', 'referral.decide_alone'])
  const memberIds = left.map((one) => one.memberId)
  await room.prisma.staff.updateMany({ where: { memberId: { in: memberIds } }, data: { endedAt: null } })
})

test('of a friend who left while the reward was held it is paid, and what was found goes with it', async () => {
  const { mei, friend } = await room.family()
  await judgeHeldReferrals(room.one.as(), { batch: 100 })
  await room.decide(tang, friend, 'review', 'pay')
  await room.leave(friend)
  room.one.clock.pass(16 * DAY_MS)
  await room.release()
  expect(await room.edge(friend)).toMatchObject({ state: 'released', facts: null, riskRank: null })
  expect((await room.account(mei.memberId)).availablePoints).toBe(100)
})

describe('a judgement that read older facts', () => {
  /** WeChat answers when it is told to. */
  function slowWechat() {
    const gate = { open: () => {}, asked: () => {} }
    const open = new Promise<void>((go) => (gate.open = go))
    const asked = new Promise<void>((go) => (gate.asked = go))
    const riskRank = async () => {
      gate.asked()
      await open
      return { rank: 4 }
    }
    const ctx = { ...room.two.as(), wechat: { ...room.two.house.wechat, riskRank } as never }
    return { ctx, asked, open: gate.open }
  }

  test('changes nothing that a person has decided meanwhile, nor what was judged later', async () => {
    const { friend } = await room.family()
    const { memberId, referralId } = await room.edge(friend)
    const slow = slowWechat()
    const late = judgeReferral(slow.ctx, { memberId, referralId })
    await slow.asked
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    await room.decide(tang, friend, 'review', 'pay')
    slow.open()
    expect(await late).toBeNull()
    expect(await room.edge(friend)).toMatchObject({ state: 'held', cleared: ['same_device'] })
  })

  test('pays nothing that was judged anew, and a doubt that came later waits for another look', async () => {
    const { mei, friend } = await room.family()
    const { memberId, referralId } = await room.edge(friend)
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    await room.decide(tang, friend, 'review', 'pay')
    room.one.clock.pass(16 * DAY_MS)
    const judged = await judgeReferral(room.one.as(), { memberId, referralId })
    await Promise.all([room.seen(mei, 'payer', 'card'), room.seen(friend, 'payer', 'card')])
    room.one.clock.pass(1)
    await room.release()
    const at = room.one.clock.at
    const call = { memberId, referralId, judgedAt: judged?.judgedAt, at, expiresAt: at, friend: '王**' }
    expect(await room.one.house.sql('referral_release', call)).toEqual({ released: false })
    expect(await room.edge(friend)).toMatchObject({ state: 'review', doubts: ['same_device', 'same_payer'] })
    await room.decide(an, friend, 'review', 'pay')
    await room.release()
    expect(await room.edge(friend)).toMatchObject({ state: 'released' })
  })

  test('WeChat’s highest rank refuses by itself, and gives cap and budget back', async () => {
    const { campaign, mei, friend } = await room.family()
    const { memberId, referralId } = await room.edge(friend)
    const riskRank = async () => ({ rank: 4 })
    const ctx = { ...room.one.as(), wechat: { ...room.one.house.wechat, riskRank } as never }
    expect(await judgeReferral(ctx, { memberId, referralId })).toMatchObject({ state: 'refused' })
    expect(await room.edge(friend)).toMatchObject({ state: 'refused', reason: 'risk_rank', riskRank: 4 })
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([0, 0])
    expect(JSON.stringify(await showReferral(mei.ctx))).not.toMatch(/rank|4 级|风险/)
  })
})
