import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newStaff } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { refusalOf } from '../../../test/support/refusals'
import { times } from '../member/member.fixture'
import { eraseDueMembers } from '../privacy'
import { appealReferral } from './appeal-referral'
import { decideReferral } from './decide-referral'
import { judgeHeldReferrals, judgeReferral } from './judge-referral'
import { listReviews } from './list-reviews'
import { type Friend, referralRoom } from './referral.fixture'
import { releaseDueReferrals } from './release-due-referrals'
import { showReferral } from './show-referral'

const database = testDatabase()
let room: ReturnType<typeof referralRoom>
let tang: Colleague
let an: Colleague
beforeAll(async () => {
  room = referralRoom(database.url)
  await room.open()
  ;[tang, an] = [await newStaff(room.one, { role: 'operator' }), await newStaff(room.one, { role: 'operator' })]
})
afterEach(async () => {
  await expectLedgerHolds(room.prisma)
  await expectPromisesHold(room.prisma, room.one.clock.at)
})
afterAll(() => room.close())

type One = { memberId: string }
const edge = async ({ memberId }: One) =>
  (await room.edges(memberId))[0] as NonNullable<Awaited<ReturnType<typeof room.edges>>[0]>
const seen = ({ memberId }: One, kind: string, mark: string) =>
  room.one.house.sql('risk_seen', { memberId, prints: [{ kind, print: mark.padEnd(43, '0') }], at: room.one.clock.at })
const release = () => releaseDueReferrals(room.one.as(), { batch: 100 })
const caseOf = async (friend: Friend, state: 'review' | 'appeal') => {
  const { cases } = await listReviews(tang.ctx, { state })
  const { points } = await edge(friend)
  const own = cases.find((one) => one.points === points && one.campaign === friend.openid)
  return own as NonNullable<typeof own>
}
const decide = async (by: Colleague, friend: Friend, state: 'review' | 'appeal', how: 'pay' | 'refuse') =>
  decideReferral(by.ctx, {
    requestId: randomUUID(),
    how,
    answer: '看过了',
    caseRef: (await caseOf(friend, state)).caseRef,
  })

/** A friend with a purchase, who was seen on the inviter's phone; in a campaign that is named like them, to be found again. */
async function family(wish: { perInviterCap?: number; budgetPoints?: number; mark?: string } = {}) {
  const { mark = randomUUID(), ...terms } = wish
  const campaign = await room.campaign(terms)
  const mei = await room.inviter()
  const friend = await room.join(mei.code)
  await room.prisma.referralCampaign.update({ where: campaign, data: { title: friend.openid.slice(0, 40) } })
  const order = await room.buy(friend.memberId)
  await Promise.all([seen(mei, 'device', mark), seen(friend, 'device', mark)])
  return { campaign, mei, friend, order }
}

describe('a family on one phone', () => {
  test('is held for a person with its place and its points, is paid on review, and nobody reads why but in words', async () => {
    const { campaign, mei, friend } = await family()
    expect(await judgeHeldReferrals(room.two.as(), { batch: 100 })).toMatchObject({ doubted: 1, failed: 0 })
    expect(await edge(friend)).toMatchObject({ state: 'review', doubts: ['same_device'], facts: { sharedDevices: 1 } })
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
    const mine = await showReferral(mei.ctx)
    expect(mine.totals).toMatchObject({ heldPoints: 0, reviewPoints: 100 })
    expect(mine.friends[0]).toMatchObject({ words: '已下首单，正由同事核对，核对好照常到账', mayAppealUntil: null })
    expect(mine.friends[0]?.doubts).toHaveLength(1)
    expect((await showReferral(friend.ctx)).invitedBy?.words).toBe('你已下首单，对方的谢礼正由同事核对')
    // not paid while nobody has looked, and its day does not change that
    room.one.clock.pass(16 * DAY_MS)
    await release()
    expect(await edge(friend)).toMatchObject({ state: 'review' })
    expect(await caseOf(friend, 'review')).toMatchObject({
      inviter: { nameMasked: '小*' },
      doubts: [{ doubt: 'same_device' }],
      appeal: null,
      earlier: null,
    })
    expect(await decide(tang, friend, 'review', 'pay')).toEqual({ state: 'held', reason: null })
    await release()
    expect(await edge(friend)).toMatchObject({ state: 'released', cleared: ['same_device'], answer: '看过了' })
    expect((await room.account(mei.memberId)).availablePoints).toBe(100)
  })

  test('refused by one colleague, granted on appeal by another: its place and its points are taken anew', async () => {
    const { campaign, mei, friend } = await family()
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    expect(await decide(tang, friend, 'review', 'refuse')).toEqual({ state: 'refused', reason: 'same_device' })
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
    expect(await caseOf(friend, 'appeal')).toMatchObject({
      appeal: { words: '是我妹妹，手机借她用过' },
      earlier: { answer: '看过了' },
    })
    await refusalOf(decide(tang, friend, 'appeal', 'pay'), 'REVIEW_OWN')
    const { caseRef } = await caseOf(friend, 'appeal')
    // many at once, in two processes: one decides
    const decided = await Promise.allSettled(
      times(16, (n) =>
        decideReferral(room.at(n).as(an.memberId), { requestId: randomUUID(), caseRef, how: 'pay', answer: '' }),
      ),
    )
    expect(decided.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await edge(friend)).toMatchObject({ state: 'held', reason: null, settledAt: null, cleared: ['same_device'] })
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
    expect((await showReferral(mei.ctx)).friends[0]).toMatchObject({ appeal: { state: 'granted' }, doubts: [] })
    room.one.clock.pass(16 * DAY_MS)
    await release()
    expect(await edge(friend)).toMatchObject({ state: 'released' })
  })

  test('a granted appeal that finds neither place nor points left, or the purchase gone, says so', async () => {
    const gone = await family({ budgetPoints: 100 })
    const full = await family({ perInviterCap: 1 })
    const back = await family()
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    for (const { friend } of [gone, full, back]) await decide(tang, friend, 'review', 'refuse')
    await room.prisma.referralCampaign.update({ where: gone.campaign, data: { spentPoints: 100 } })
    await room.prisma.referralQuota.updateMany({ where: { memberId: full.mei.memberId }, data: { taken: 1 } })
    await room.giveBack(back.order)
    for (const [{ mei, friend }, reason] of [
      [gone, 'budget'],
      [full, 'cap'],
      [back, 'purchase_returned'],
    ] as const) {
      const { referralId } = await edge(friend)
      await appealReferral(mei.ctx, { requestId: randomUUID(), referralId, words: '请再看看' })
      expect(await decide(an, friend, 'appeal', 'pay')).toEqual({ state: 'refused', reason })
    }
    await room.prisma.referralCampaign.update({ where: gone.campaign, data: { spentPoints: 0 } })
    await room.prisma.referralQuota.updateMany({ where: { memberId: full.mei.memberId }, data: { taken: 0 } })
  })

  test('an appeal comes too late after its days, never for what no look would change, and goes with who leaves', async () => {
    const { mei, friend } = await family()
    const none = await room.join(mei.code, { openedAt: room.one.clock.at.getTime() - 30 * DAY_MS })
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    await decide(tang, friend, 'review', 'refuse')
    const ask = (referralId: string) =>
      appealReferral(mei.ctx, { requestId: randomUUID(), referralId, words: '请再看看' })
    await refusalOf(ask((await edge(none)).referralId), 'REVIEW_DONE')
    const { referralId } = await edge(friend)
    await ask(referralId)
    const paid = await room.join(mei.code)
    const order = await room.buy(paid.memberId)
    room.one.clock.pass(16 * DAY_MS)
    await release()
    expect(await edge(paid)).toMatchObject({ state: 'released' })
    await room.one.house.sql('cancellation_ask', {
      request: {
        actor: mei.memberId,
        verb: 'leave',
        requestId: randomUUID(),
        bodyHash: 'x'.repeat(64),
        at: room.one.clock.at,
      },
      ...{ memberId: mei.memberId, at: room.one.clock.at, dueAt: room.one.clock.at },
    })
    await eraseDueMembers(room.one.as(), { batch: 10 })
    expect(await room.prisma.referralAppeal.count({ where: { referralId } })).toBe(0)
    expect(await edge(friend)).toMatchObject({ facts: null, answer: null })
    // what a friend bought can go back although nobody is there to give a reward back
    await room.giveBack(order)
    expect(await edge(paid)).toMatchObject({ state: 'refused', reason: 'purchase_returned', clawedBack: false })

    const late = await family()
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    await decide(tang, late.friend, 'review', 'refuse')
    room.one.clock.pass(30 * DAY_MS)
    const refused = appealReferral(late.mei.ctx, {
      requestId: randomUUID(),
      referralId: (await edge(late.friend)).referralId,
      words: '请再看看',
    })
    await refusalOf(refused, 'APPEAL_OVER')
  })
})

test('nobody decides about themselves or their friends; a case that is decided is over', async () => {
  const { mei, friend } = await family()
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
  const { caseRef } = await caseOf(friend, 'review')
  const by = (memberId: string) =>
    decideReferral(room.one.as(memberId), { requestId: randomUUID(), caseRef, how: 'pay', answer: '' })
  await refusalOf(by(mei.memberId), 'REVIEW_OWN')
  await refusalOf(by(friend.memberId), 'REVIEW_OWN')
  await by(tang.memberId)
  await refusalOf(by(an.memberId), 'REVIEW_DONE')
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
    const { friend } = await family()
    const { memberId, referralId } = await edge(friend)
    const slow = slowWechat()
    const late = judgeReferral(slow.ctx, { memberId, referralId })
    await slow.asked
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    await decide(tang, friend, 'review', 'pay')
    slow.open()
    expect(await late).toBeNull()
    expect(await edge(friend)).toMatchObject({ state: 'held', cleared: ['same_device'] })
  })

  test('pays nothing that was judged anew, and a doubt that came later waits for another look', async () => {
    const { mei, friend } = await family()
    const { memberId, referralId } = await edge(friend)
    await judgeHeldReferrals(room.one.as(), { batch: 100 })
    await decide(tang, friend, 'review', 'pay')
    room.one.clock.pass(16 * DAY_MS)
    const judged = await judgeReferral(room.one.as(), { memberId, referralId })
    await Promise.all([seen(mei, 'payer', 'card'), seen(friend, 'payer', 'card')])
    room.one.clock.pass(1)
    await release()
    const at = room.one.clock.at
    const call = { memberId, referralId, judgedAt: judged?.judgedAt, at, expiresAt: at, friend: '王**' }
    expect(await room.one.house.sql('referral_release', call)).toEqual({ released: false })
    expect(await edge(friend)).toMatchObject({ state: 'review', doubts: ['same_device', 'same_payer'] })
    await decide(an, friend, 'review', 'pay')
    await release()
    expect(await edge(friend)).toMatchObject({ state: 'released' })
  })

  test('WeChat’s highest rank refuses by itself, and gives cap and budget back', async () => {
    const { campaign, mei, friend } = await family()
    const { memberId, referralId } = await edge(friend)
    const riskRank = async () => ({ rank: 4 })
    const ctx = { ...room.one.as(), wechat: { ...room.one.house.wechat, riskRank } as never }
    expect(await judgeReferral(ctx, { memberId, referralId })).toMatchObject({ state: 'refused' })
    expect(await edge(friend)).toMatchObject({ state: 'refused', reason: 'risk_rank', riskRank: 4 })
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([0, 0])
    expect(JSON.stringify(await showReferral(mei.ctx))).not.toMatch(/rank|4 级|风险/)
  })
})
