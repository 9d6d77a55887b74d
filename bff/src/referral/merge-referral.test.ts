import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { inTx } from '../ctx'
import { cancelRedemption } from '../mall/cancel-redemption'
import { exchange, newReward } from '../mall/mall.fixture'
import { award, oldCard } from '../member/member.fixture'
import { acceptObligation } from '../obligation/accept-obligation'
import { newObligation } from '../obligation/obligation.fixture'
import { judgeReferral } from './judge-referral'
import { referralRoom } from './referral.fixture'
import { releaseDueReferrals } from './release-due-referrals'
import { showReferral } from './show-referral'

const database = testDatabase()
let room: ReturnType<typeof referralRoom>
beforeAll(async () => {
  room = referralRoom(database.url)
  await room.open()
})
afterEach(() => expectLedgerHolds(room.prisma))
afterAll(() => room.close())

const release = async () => {
  room.one.clock.pass(16 * DAY_MS)
  await releaseDueReferrals(room.one.as(), { batch: 100 })
}

describe('I-F3: inviter and friend turn out to be one person', () => {
  test('before anything was bought: the edge is none', async () => {
    await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    await room.merge(mei.memberId, friend.memberId)
    expect(await room.edges(mei.memberId)).toMatchObject([{ state: 'void', reason: 'same_person' }])
    expect(await showReferral(mei.ctx)).toMatchObject({
      totals: { joined: 0 },
      friends: [{ state: 'void', words: '两张会员卡是同一个人，不算新朋友' }],
      invitedBy: null,
    })
  })

  test('while the reward is held: cap and budget get it back, nothing is paid', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    await room.buy(friend.memberId)
    // the newer record survives here
    await room.merge(friend.memberId, mei.memberId)
    expect(await room.edges(friend.memberId)).toMatchObject([{ state: 'void', reason: 'same_person' }])
    expect([await room.taken(friend, campaign), await room.spent(campaign)]).toEqual([0, 0])
    await release()
    expect(await room.prisma.transfer.count({ where: { memberId: friend.memberId, reason: 'referral' } })).toBe(0)
  })

  test.each([
    ['unspent: all of it is taken back', 0, 500],
    ['partly spent: what is left of it is taken back, nothing else', 60, 500],
  ])('after the reward was paid and is %s', async (_name, spent, others) => {
    await room.campaign()
    const mei = await room.inviter()
    const { memberId } = mei
    const friend = await room.join(mei.code)
    await room.buy(friend.memberId)
    await release()
    await award(room.one, memberId, { points: others, expiresInDays: 900 })
    if (spent > 0)
      await room.one.house.sql('ledger_spend', {
        memberId,
        at: room.one.clock.at,
        kind: 'test',
        sourceId: memberId,
        points: spent,
        reason: 'exchange',
        detail: {},
      })
    const own = (await room.account(friend.memberId)).pendingPoints
    await room.merge(memberId, friend.memberId)
    expect(await room.edges(memberId)).toMatchObject([{ state: 'void', reason: 'same_person', clawedBack: true }])
    const { availablePoints, pendingPoints, debtPoints } = await room.account(memberId)
    // the friend's own 30 points of the purchase came along
    expect([availablePoints + pendingPoints, debtPoints, own]).toEqual([others + 30, 0, expect.any(Number)])
  })

  test('a ring of three is cut at its latest edge', async () => {
    await room.campaign()
    const mei = await room.inviter()
    const qing = await room.join(mei.code)
    room.one.clock.pass(1_000)
    const lin = await room.join((await showReferral(qing.ctx)).code)
    await room.merge(mei.memberId, lin.memberId)
    expect(await room.edges(qing.memberId)).toMatchObject([{ state: 'joined', inviterId: mei.memberId }])
    expect(await room.edges(mei.memberId)).toMatchObject([{ state: 'void', inviterId: qing.memberId }])
  })

  test('two merges at once that close a ring together leave one', async () => {
    await room.campaign()
    // a → b, c → d; b = c and d = a make a ring of two people
    const a = await room.inviter()
    const b = await room.join(a.code)
    const c = await room.inviter()
    const d = await room.join(c.code)
    await Promise.all([room.merge(b.memberId, c.memberId), room.merge(a.memberId, d.memberId, room.two)])
    const live = await room.prisma.referral.findMany({
      where: { memberId: { in: [a.memberId, b.memberId] }, state: { not: 'void' } },
    })
    expect(live).toHaveLength(1)
  })
})

test('a reward that lay in an exchange at the merge goes when the exchange is undone, and nothing else does', async () => {
  await room.campaign()
  const mei = await room.inviter()
  const friend = await room.join(mei.code)
  await room.buy(friend.memberId)
  await release()
  await award(room.one, mei.memberId, { points: 30, expiresInDays: 5 })
  const { redemption } = await exchange(mei.ctx, await newReward(room.one, { points: 90 }))
  const { clock, house } = room.one
  await house.sql('ledger_settle_lots', { memberId: friend.memberId, at: clock.at })
  const own = (await room.account(friend.memberId)).availablePoints
  await room.merge(mei.memberId, friend.memberId)
  expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: own, debtPoints: 0 })
  await cancelRedemption(mei.ctx, { requestId: randomUUID(), redemptionId: redemption.redemptionId })
  expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: own + 30, debtPoints: 0 })
})

test('a ring is cut at an edge that is just being bought for: cap and budget get back what that took', async () => {
  const campaign = await room.campaign()
  const { memberId: card } = await oldCard(room.one, { points: 0 })
  const { code } = await room.one.house.sql<{ code: string }>('referral_open', {
    memberId: card,
    at: room.one.clock.at,
  })
  const y = await room.join(code)
  const a = await room.inviter()
  room.one.clock.pass(1_000)
  const b = await room.join(a.code)
  room.one.clock.pass(1_000)
  const c = await room.join((await showReferral(b.ctx)).code)
  await room.merge(c.memberId, card)
  // a → b → c → y, and y = a closes the ring; its latest edge is b → c
  let merged: Promise<unknown> = Promise.resolve()
  await inTx(room.one.as(), async (tx) => {
    const order = { memberId: c.memberId, orderId: randomUUID(), amountFen: 3_000, at: tx.now() }
    expect(await tx.sql('referral_on_order', order)).toMatchObject({ state: 'held' })
    merged = room.merge(a.memberId, y.memberId, room.two)
    await pause(400)
  })
  await merged
  expect(await room.edges(c.memberId)).toMatchObject([{ state: 'void', reason: 'same_person' }])
  expect([await room.taken(b, campaign), await room.spent(campaign)]).toEqual([0, 0])
})

describe('I-F1: a friend whom two had brought', () => {
  test('the earliest inviter stays, the other’s unspent reward is taken back', async () => {
    const campaign = await room.campaign()
    const [mei, zhou] = [await room.inviter(), await room.inviter('老周')]
    const first = await room.join(mei.code)
    room.one.clock.pass(1_000)
    const second = await room.join(zhou.code)
    await room.buy(first.memberId)
    await room.buy(second.memberId)
    await release()
    expect((await room.account(zhou.memberId)).availablePoints).toBe(100)
    await room.merge(second.memberId, first.memberId)
    expect(await room.edges(second.memberId)).toMatchObject([
      { inviterId: mei.memberId, state: 'released' },
      { inviterId: zhou.memberId, state: 'void', reason: 'other_inviter', clawedBack: true },
    ])
    expect((await room.account(zhou.memberId)).availablePoints).toBe(0)
    expect((await room.account(mei.memberId)).availablePoints).toBe(100)
    expect(await room.spent(campaign)).toBe(200)
    expect((await showReferral(zhou.ctx)).friends).toMatchObject([{ words: '这位朋友更早由别人请来' }])
  })

  test('brought twice by the same friend counts once', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const [first, second] = [await room.join(mei.code), await room.join(mei.code)]
    await room.buy(first.memberId)
    await room.buy(second.memberId)
    await room.merge(first.memberId, second.memberId)
    expect((await room.edges(first.memberId)).map(({ state, reason }) => [state, reason]).sort()).toEqual([
      ['held', null],
      ['void', 'same_person'],
    ])
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
  })
})

describe('who turns out to have been here before', () => {
  test('by a purchase with an old card: the held reward is refused and free again', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const card = await oldCard(room.one, { joinedDaysAgo: 60 })
    await room.buy(card.memberId)
    room.one.clock.pass(DAY_MS)
    const friend = await room.join(mei.code)
    await room.buy(friend.memberId)
    await room.merge(friend.memberId, card.memberId)
    expect(await room.edges(friend.memberId)).toMatchObject([{ state: 'refused', reason: 'not_new' }])
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([0, 0])
    expect((await showReferral(mei.ctx)).friends[0]?.words).toBe('这个手机号之前就是会员，不算新朋友')
  })

  test('by an earlier joining', async () => {
    await room.campaign()
    const earlier = await room.join(undefined)
    room.one.clock.pass(DAY_MS)
    const friend = await room.join((await room.inviter()).code)
    await room.merge(earlier.memberId, friend.memberId)
    expect(await room.edges(earlier.memberId)).toMatchObject([{ state: 'refused', reason: 'not_new' }])
  })

  test('a card that only lay there takes nothing away', async () => {
    await room.campaign()
    const card = await oldCard(room.one)
    const friend = await room.join((await room.inviter()).code)
    await room.buy(friend.memberId)
    await room.merge(friend.memberId, card.memberId)
    expect(await room.edges(friend.memberId)).toMatchObject([{ state: 'held' }])
  })
})

test('two inviters turn out to be one: their friends and their places under the cap add up', async () => {
  const campaign = await room.campaign({ perInviterCap: 3 })
  const [mei, other] = [await room.inviter(), await room.inviter()]
  for (const { code } of [mei, mei, other, other]) await room.buy((await room.join(code)).memberId)
  await room.merge(mei.memberId, other.memberId)
  expect(await room.taken(mei, campaign)).toBe(4)
  expect(await showReferral(mei.ctx)).toMatchObject({
    totals: { joined: 4, heldPoints: 400 },
    campaign: { leftForMe: 0 },
  })
  await release()
  expect((await room.account(mei.memberId)).availablePoints).toBe(400)
})

test('a release waits for no edge that a merge of the friend holds, and pays it in the next run', async () => {
  await room.campaign()
  const mei = await room.inviter()
  const { memberId } = await room.join(mei.code)
  await room.buy(memberId)
  room.one.clock.pass(16 * DAY_MS)
  const [{ referralId } = { referralId: '' }] = await room.edges(memberId)
  const judged = await judgeReferral(room.one.as(), { memberId, referralId })
  const at = room.one.clock.at
  const call = { memberId, referralId, judgedAt: judged?.judgedAt, at, expiresAt: at, friend: '' }
  await inTx(room.one.as(), async (tx) => {
    await tx.db.$queryRaw`SELECT 1 FROM referral WHERE member_id = ${memberId}::uuid FOR UPDATE`
    expect(await room.two.house.sql('referral_release', call)).toEqual({ released: false })
    // nor is the inviter kept from the merge, which may have to take back what was paid
    await tx.db.$executeRaw`SELECT member_hold(${mei.memberId}::uuid)`
  })
  await releaseDueReferrals(room.two.as(), { batch: 50 })
  expect((await room.account(mei.memberId)).availablePoints).toBe(100)
})

test('whatever an inviter does beside a merge of friends that takes a reward and a step back, neither stands in the other’s way', async () => {
  await room.campaign()
  const mei = await room.inviter()
  const invite = { kind: 'invite', proof: 'counted', counts: 'friend_rewarded', target: 5 } as const
  const { obligationId } = await newObligation(room.one, invite)
  await acceptObligation(mei.ctx, { requestId: randomUUID(), obligationId })
  const [first, second] = [await room.join(mei.code), await room.join(mei.code)]
  await room.buy(first.memberId)
  await room.buy(second.memberId)
  await release()
  let merged: Promise<unknown> = Promise.resolve()
  await inTx(room.one.as(), async (tx) => {
    await tx.db.$executeRaw`SELECT member_hold(${mei.memberId}::uuid)`
    merged = room.merge(first.memberId, second.memberId, room.two)
    await pause(400)
    // every verb that moves points holds them after the record
    await tx.db.$queryRaw`SELECT 1 FROM account WHERE member_id = ${mei.memberId}::uuid FOR UPDATE`
  })
  await merged
  expect((await room.account(mei.memberId)).availablePoints).toBe(100)
  const steps = await room.prisma.obligationProof.findMany({ where: { memberId: mei.memberId } })
  expect(steps.filter(({ retractedAt }) => retractedAt === null)).toHaveLength(1)
})

test('a release beside the inviter’s merge pays once, to the survivor', async () => {
  await room.campaign()
  const [mei, kept] = [await room.inviter(), await room.inviter()]
  for (let n = 0; n < 6; n++) await room.buy((await room.join(mei.code)).memberId)
  room.one.clock.pass(16 * DAY_MS)
  await Promise.all([
    room.merge(kept.memberId, mei.memberId),
    releaseDueReferrals(room.one.as(), { batch: 50 }),
    releaseDueReferrals(room.two.as(), { batch: 50 }),
  ])
  await releaseDueReferrals(room.one.as(), { batch: 50 })
  expect((await room.account(kept.memberId)).availablePoints).toBe(600)
})
