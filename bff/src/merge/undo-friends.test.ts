import { randomInt, randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { expectPromisesHold } from '../../../test/support/promises'
import { cancelRedemption } from '../mall/cancel-redemption'
import { exchange, newReward } from '../mall/mall.fixture'
import { newMember, oldCard } from '../member/member.fixture'
import { acceptObligation } from '../obligation/accept-obligation'
import { newObligation } from '../obligation/obligation.fixture'
import { appealReferral } from '../referral/appeal-referral'
import { caseRefOf } from '../referral/case-ref'
import { decideReferral } from '../referral/decide-referral'
import { judgeHeldReferrals } from '../referral/judge-referral'
import { type Friend, referralRoom } from '../referral/referral.fixture'
import { releaseDueReferrals } from '../referral/release-due-referrals'
import { showReferral } from '../referral/show-referral'
import { snapshotOf } from './before-after.fixture'
import { merged, operatorOf, undone } from './undo.fixture'

const database = testDatabase()
let room: ReturnType<typeof referralRoom>
beforeAll(async () => {
  room = referralRoom(database.url)
  await room.open()
})
afterEach(async () => {
  await expectLedgerHolds(room.prisma)
  await expectPromisesHold(room.prisma, room.one.clock.at)
})
afterAll(() => room.close())

const release = async () => {
  room.one.clock.pass(16 * DAY_MS)
  await releaseDueReferrals(room.one.as(), { batch: 100 })
}
const codeOf = async ({ ctx }: Pick<Friend, 'ctx'>) => (await showReferral(ctx)).code
const merge = (survivor: { memberId: string }, other: { memberId: string }) =>
  merged(room.one, survivor.memberId, other.memberId)
const edge = async ({ memberId }: { memberId: string }) =>
  (await room.edges(memberId)).map(({ state, reason }) => [state, reason])
const spend = (memberId: string, points: number) =>
  room.one.house.sql('ledger_spend', {
    ...{ memberId, at: room.one.clock.at, kind: 'test', sourceId: randomUUID() },
    ...{ points, reason: 'exchange', detail: {} },
  })

/** Friends who brought friends, in every state that an edge can have, and some who are new only by half. */
async function circle(): Promise<{ memberId: string }[]> {
  const campaign = { perInviterCap: 2, budgetPoints: 500, holdDays: 15 }
  await room.campaign(campaign)
  const invite = { kind: 'invite', proof: 'counted', counts: 'friend_rewarded' } as const
  const duties = [
    await newObligation(room.one, { ...invite, target: 1 }),
    await newObligation(room.one, { ...invite, target: 2 }),
  ]
  const people: Friend[] = []
  for (let n = 0; n < 6; n++) {
    const by = people.length > 1 && randomInt(4) > 0 ? people[randomInt(people.length)] : undefined
    const friend = await room.join(by ? await codeOf(by) : undefined)
    people.push(friend)
    // a step that a merge takes away, and its undo brings back, costs no reward that was given
    for (const { obligationId } of duties) await acceptObligation(friend.ctx, { requestId: randomUUID(), obligationId })
    room.one.clock.pass(1_000)
    if (randomInt(3) > 0) await room.buy(friend.memberId)
    if (n === 3) await release()
  }
  await lookAt(people)
  for (const { memberId } of people)
    if ((await room.account(memberId)).availablePoints >= 40 && randomInt(2) > 0) await spend(memberId, 40)
  return [...people, await oldCard(room.one, { points: 0 })]
}

/** Some were seen with one payer: their rewards wait for a person, or were refused and appealed against. */
async function lookAt(people: Friend[]): Promise<void> {
  const prints = [{ kind: 'payer', print: randomUUID().padEnd(43, '0') }]
  const at = room.one.clock.at
  for (const { memberId } of people.slice(0, 3)) await room.one.house.sql('risk_seen', { memberId, prints, at })
  await judgeHeldReferrals(room.one.as(), { batch: 100 })
  const operator = await operatorOf(room.one)
  const waiting = await room.prisma.referral.findMany({ where: { state: 'review' } })
  for (const { memberId, referralId, inviterId } of waiting.slice(1)) {
    const caseRef = caseRefOf(room.one.house.keys, { memberId, referralId })
    await decideReferral(operator.ctx, { requestId: randomUUID(), caseRef, how: 'refuse', answer: '没认出来' })
    const words = { requestId: randomUUID(), referralId, words: '请再看看' }
    if (randomInt(2) > 0) await appealReferral(room.one.as(inviterId), words)
  }
}

const everything = async (people: { memberId: string }[]) => ({
  rows: await snapshotOf(
    room.prisma,
    people.map(({ memberId }) => memberId),
  ),
  campaigns: await room.prisma.referralCampaign.findMany({ orderBy: { campaignId: 'asc' } }),
})

test('I-ID4: two merges among friends who brought each other, taken back: every edge, place and point is as it was', async () => {
  for (let round = 0; round < 5; round++) {
    const people = await circle()
    const [a, b, c] = people.sort(() => randomInt(3) - 1) as [Friend, Friend, Friend]
    for (const { memberId } of people)
      await room.one.house.sql('ledger_settle_lots', { memberId, at: room.one.clock.at })
    const before = await everything(people)
    const first = await merge(b, c)
    const between = await everything(people)
    const second = await merge(a, b)
    await expectPromisesHold(room.prisma, room.one.clock.at)
    expect((await undone(room.one, second)).lost).toEqual([])
    expect(await everything(people)).toEqual(between)
    expect((await undone(room.one, first)).lost).toEqual([])
    expect(await everything(people)).toEqual(before)
  }
})

describe('what happened since', () => {
  test('the place or the points went to somebody else: the edge stays refused, and it is said why', async () => {
    const campaign = await room.campaign({ budgetPoints: 200, perInviterCap: 1 })
    const [mei, zhou] = [await room.inviter(), await room.inviter('老周')]
    const friend = await room.join(mei.code)
    await room.buy(friend.memberId)
    const byMei = await merge(mei, friend)
    room.one.clock.pass(1_000)
    const first = await room.join((await room.inviter()).code)
    room.one.clock.pass(1_000)
    const second = await room.join(zhou.code)
    await room.buy(second.memberId)
    const byZhou = await merge(first, second)
    // the one place of Zhou's, and then all that is left of the budget
    await room.buy((await room.join(zhou.code)).memberId)
    await room.buy((await room.join((await room.inviter()).code)).memberId)
    const gone = { kind: 'referral_void', points: 100 }
    expect((await undone(room.one, byZhou)).lost).toEqual([{ ...gone, reason: 'other_inviter', why: 'cap' }])
    expect((await undone(room.one, byMei)).lost).toEqual([{ ...gone, reason: 'same_person', why: 'budget' }])
    expect([await edge(second), await edge(friend)]).toEqual([[['refused', 'cap']], [['refused', 'budget']]])
    expect([await room.taken(zhou, campaign), await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([
      1, 0, 200,
    ])
  })

  test('a paid reward is paid again whole, what came back of an exchange too, and goes when the purchase is returned', async () => {
    await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    const order = await room.buy(friend.memberId)
    await release()
    const { redemption } = await exchange(mei.ctx, await newReward(room.one, { points: 90 }))
    const mergeId = await merge(friend, mei)
    const survivor = room.one.as(friend.memberId)
    await cancelRedemption(survivor, { requestId: randomUUID(), redemptionId: redemption.redemptionId })
    const { restored } = await undone(room.one, mergeId)
    expect(restored).toContainEqual({ kind: 'referral_void', reason: 'same_person', points: 10 })
    expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: 100, debtPoints: 0 })
    expect(await edge(friend)).toEqual([['released', null]])
    // and once more, and back again
    await undone(room.one, await merge(mei, friend))
    expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: 100, debtPoints: 0 })
    await room.giveBack(order)
    expect(await edge(friend)).toEqual([['refused', 'purchase_returned']])
    expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
  })

  test('the purchase came back while the edge was none: nothing is promised again', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    const { orderId } = await room.buy(friend.memberId)
    const mergeId = await merge(mei, friend)
    await room.giveBack({ memberId: mei.memberId, orderId })
    expect((await undone(room.one, mergeId)).lost).toContainEqual(
      expect.objectContaining({ kind: 'referral_void', why: 'purchase_returned' }),
    )
    expect(await edge(friend)).toEqual([['refused', 'purchase_returned']])
    expect(await room.spent(campaign)).toBe(0)
  })

  test.each(['the inviter', 'the friend'])(
    'I-F4: and had been paid for: what was spent of the reward is owed by who spent it, though %s had survived',
    async (survives) => {
      const campaign = await room.campaign()
      const mei = await room.inviter()
      const friend = await room.join(mei.code)
      const { orderId } = await room.buy(friend.memberId)
      await release()
      await spend(mei.memberId, 60)
      const [survivor, other] = survives === 'the inviter' ? [mei, friend] : [friend, mei]
      const mergeId = await merge(survivor, other)
      await room.giveBack({ memberId: survivor.memberId, orderId })
      await undone(room.one, mergeId)
      expect(await room.edges(friend.memberId)).toMatchObject([
        { state: 'refused', reason: 'purchase_returned', clawedBack: true },
      ])
      expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 60 })
      expect(await room.account(friend.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
      // what was paid and taken back fills no budget
      expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
    },
  )

  test('what the survivor bought as a friend, and was paid for friends, stays; friends who came before go back', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const other = await room.join(mei.code)
    const code = await codeOf(other)
    const [paid, promised, waiting] = [await room.join(code), await room.join(code), await room.join(code)]
    await room.buy(paid.memberId)
    room.one.clock.pass(10 * DAY_MS)
    await room.buy(promised.memberId)
    const survivor = await newMember(room.one)
    const mergeId = await merge(survivor, other)
    await room.buy(survivor.memberId)
    room.one.clock.pass(6 * DAY_MS)
    await releaseDueReferrals(room.one.as(), { batch: 100 })
    const { back, lost } = await undone(room.one, mergeId)
    expect(lost).toEqual([
      { kind: 'referral_paid', why: 'since', points: 100 },
      { kind: 'referral_bought', why: 'since' },
    ])
    expect(back.referrals).toBe(2)
    const inviterOf = async (friend: Friend) => (await room.edges(friend.memberId)).map(({ inviterId }) => inviterId)
    expect(await inviterOf(paid)).toEqual([survivor.memberId])
    expect([await inviterOf(promised), await inviterOf(waiting)]).toEqual([[other.memberId], [other.memberId]])
    expect([await edge(survivor), await edge(other)]).toEqual([[['held', null]], []])
    expect([await room.taken(other, campaign), await room.taken(survivor, campaign)]).toEqual([1, 1])
    // whoever comes by the separated record's own link is theirs
    expect(await inviterOf(await room.join(code))).toEqual([other.memberId])
  })
})
