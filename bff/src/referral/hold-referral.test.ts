import { referralReleaseAt } from '@huiyuan/shared/referral'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { times } from '../member/member.fixture'
import { type Campaign, type Friend, referralRoom } from './referral.fixture'
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

const states = async (friends: Friend[]) => {
  const edges = await room.prisma.referral.findMany({ where: { memberId: { in: friends.map((one) => one.memberId) } } })
  const counts: Record<string, number> = {}
  for (const { state, reason } of edges) {
    const end = reason ? `${state} ${reason}` : state
    counts[end] = (counts[end] ?? 0) + 1
  }
  return counts
}
const friendsOf = async (code: string, count: number) => {
  const friends: Friend[] = []
  for (let n = 0; n < count; n++) {
    friends.push(await room.join(code))
    room.one.clock.pass(1)
  }
  return friends
}
const words = async ({ ctx }: Pick<Friend, 'ctx'>) => (await showReferral(ctx)).friends.map((friend) => friend.words)
const stop = ({ campaignId }: Campaign) =>
  room.prisma.referralCampaign.update({ where: { campaignId }, data: { stoppedAt: room.one.clock.at } })

describe('a first purchase', () => {
  test('holds the reward to the morning after the last whole day; both read until when', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    const { orderId } = await room.buy(friend.memberId)
    expect(await room.edges(friend.memberId)).toMatchObject([
      { state: 'held', points: 100, orderId, releaseAt: referralReleaseAt(room.one.clock.at, 15), reason: null },
    ])
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
    expect(await words(mei)).toEqual(['已下首单，12 月 8 日过退款期后到账'])
    expect(await showReferral(mei.ctx)).toMatchObject({ totals: { heldPoints: 100 }, campaign: { leftForMe: 9 } })
    expect((await showReferral(friend.ctx)).invitedBy?.words).toBe(
      '你已下首单，12 月 8 日过退款期后，对方会收到一份谢礼',
    )
    expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 0 })
  })

  test('that is too small leaves everything open; the next large enough one counts, one after it does nothing', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    await room.buy(friend.memberId, 1_499)
    expect(await room.edges(friend.memberId)).toMatchObject([{ state: 'joined', orderId: null }])
    const { orderId } = await room.buy(friend.memberId, 1_500)
    await room.buy(friend.memberId, 9_000)
    expect(await room.edges(friend.memberId)).toMatchObject([{ state: 'held', orderId }])
    expect(await room.spent(campaign)).toBe(100)
  })

  test('rung up again by the same command, 16 times over two houses, holds one reward', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    const { again } = await room.buy(friend.memberId)
    await Promise.all(times(16, again))
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
  })

  test('of one friend at many tills at once holds one reward', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    await Promise.all(times(16, (n) => room.buy(friend.memberId, 3_000, room.at(n))))
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
  })

  test('after the kill switch, or after the end, earns nothing and says why', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const [early, friend, waits] = (await friendsOf(mei.code, 3)) as [Friend, Friend, Friend]
    await room.buy(early.memberId)
    await stop(campaign)
    await room.buy(friend.memberId)
    expect(await words(mei)).toEqual([
      '活动已经停止，这一位没有奖励',
      '朋友下首单时，活动已经停止',
      '已下首单，12 月 8 日过退款期后到账',
    ])
    // nor is the friend told of a thanks that will never come
    expect((await showReferral(waits.ctx)).invitedBy?.words).toBe('活动已经停止，你的权益不受影响')

    await room.campaign({ endsAt: new Date(room.one.clock.at.getTime() + DAY_MS) })
    const late = await room.join(mei.code)
    room.one.clock.pass(DAY_MS)
    await room.buy(late.memberId)
    expect(await room.edges(late.memberId)).toMatchObject([{ state: 'refused', reason: 'over', points: 0 }])
    // what was promised before the stop is paid on its day
    room.one.clock.pass(16 * DAY_MS)
    await releaseDueReferrals(room.one.as(), { batch: 100 })
    expect(await room.edges(early.memberId)).toMatchObject([{ state: 'released', points: 100 }])
  })
})

describe('I-F2: never more than the cap and the budget', () => {
  test('64 friends of one inviter buy at once over two houses: ten are held, the others name the cap', async () => {
    const campaign = await room.campaign({ perInviterCap: 10 })
    const mei = await room.inviter()
    const friends = await friendsOf(mei.code, 64)
    await Promise.all(friends.map(({ memberId }, n) => room.buy(memberId, 3_000, room.at(n))))
    expect(await states(friends)).toEqual({ held: 10, 'refused cap': 54 })
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([10, 1_000])
    expect((await showReferral(mei.ctx)).campaign?.leftForMe).toBe(0)
  })

  test('64 friends of eight inviters buy at once with a budget for seven: seven are held, the others name the budget', async () => {
    const campaign = await room.campaign({ budgetPoints: 799 })
    const inviters = await Promise.all(times(8, () => room.inviter()))
    const friends = (await Promise.all(inviters.map(({ code }) => friendsOf(code, 8)))).flat()
    await Promise.all(friends.map(({ memberId }, n) => room.buy(memberId, 3_000, room.at(n))))
    expect(await states(friends)).toEqual({ held: 7, 'refused budget': 57 })
    expect(await room.spent(campaign)).toBe(700)
    const taken = await Promise.all(inviters.map((inviter) => room.taken(inviter, campaign)))
    expect(taken.reduce((sum, one) => sum + one)).toBe(7)
  })
})

describe('I-F4: a purchase that is taken back', () => {
  test('while the reward is held: nothing is paid, and the place and the points are free again', async () => {
    const campaign = await room.campaign({ perInviterCap: 1, budgetPoints: 100 })
    const mei = await room.inviter()
    const [friend, next] = (await friendsOf(mei.code, 2)) as [Friend, Friend]
    const order = await room.buy(friend.memberId)
    await room.giveBack(order)
    expect(await room.edges(friend.memberId)).toMatchObject([
      { state: 'refused', reason: 'purchase_returned', clawedBack: false },
    ])
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([0, 0])
    await room.buy(next.memberId)
    expect(await states([next])).toEqual({ held: 1 })
    room.one.clock.pass(16 * DAY_MS)
    await releaseDueReferrals(room.one.as(), { batch: 100 })
    expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: 100 })
    expect((await words(mei))[1]).toBe('首单退了款，奖励一并收回')
    // a second first purchase there is not
    await room.buy(friend.memberId)
    expect(await states([friend])).toEqual({ 'refused purchase_returned': 1 })
  })

  test.each([
    ['unspent: it is taken from its own lot', 0, { availablePoints: 0, debtPoints: 0 }],
    ['spent: it is owed', 100, { availablePoints: 0, debtPoints: 100 }],
  ])('after it was paid and is %s', async (_name, spent, left) => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    const order = await room.buy(friend.memberId)
    room.one.clock.pass(16 * DAY_MS)
    await releaseDueReferrals(room.one.as(), { batch: 100 })
    const { memberId } = mei
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
    await room.giveBack(order)
    expect(await room.account(memberId)).toMatchObject(left)
    expect(await room.edges(friend.memberId)).toMatchObject([
      { state: 'refused', reason: 'purchase_returned', clawedBack: true },
    ])
    // buying and returning does not refill what may be paid
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([1, 100])
    expect(await room.prisma.transfer.count({ where: { memberId, reason: 'referral_returned' } })).toBeGreaterThan(0)
  })

  test('in part: it counts while what is left would have been enough, and then no longer', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    const order = await room.buy(friend.memberId, 3_000)
    await room.giveBack(order, room.one, 1_500)
    expect(await states([friend])).toEqual({ held: 1 })
    await room.giveBack(order, room.two, 1)
    expect(await states([friend])).toEqual({ 'refused purchase_returned': 1 })
    expect([await room.taken(mei, campaign), await room.spent(campaign)]).toEqual([0, 0])
    await room.giveBack(order)
    expect(await states([friend])).toEqual({ 'refused purchase_returned': 1 })
  })

  test('beside the release at once: paid and taken back, or never paid; never paid and kept', async () => {
    await room.campaign({ perInviterCap: 16 })
    const mei = await room.inviter()
    const friends = await friendsOf(mei.code, 16)
    const orders = []
    for (const { memberId } of friends) orders.push(await room.buy(memberId))
    room.one.clock.pass(16 * DAY_MS)
    await Promise.all([
      ...orders.map((order, n) => room.giveBack(order, room.at(n))),
      releaseDueReferrals(room.one.as(), { batch: 100 }),
      releaseDueReferrals(room.two.as(), { batch: 100 }),
    ])
    expect(await states(friends)).toEqual({ 'refused purchase_returned': 16 })
    expect(await room.account(mei.memberId)).toMatchObject({ availablePoints: 0, debtPoints: 0 })
  })
})

describe('the release', () => {
  test('I-L5: on two houses at once pays each reward once, on its day and not before', async () => {
    await room.campaign({ perInviterCap: 12 })
    const inviters = await Promise.all(times(4, () => room.inviter()))
    const friends = (await Promise.all(inviters.map(({ code }) => friendsOf(code, 12)))).flat()
    for (const { memberId } of friends) await room.buy(memberId)
    const [{ releaseAt } = { releaseAt: null }] = await room.edges(friends[0]?.memberId as string)
    room.one.clock.at = new Date((releaseAt as Date).getTime() - 1)
    expect(await releaseDueReferrals(room.one.as(), { batch: 100 })).toEqual({ due: 0, released: 0, failed: 0 })
    room.one.clock.pass(1)
    let released = 0
    for (let rounds = 0; released < 48 && rounds < 20; rounds++) {
      const runs = await Promise.all(times(4, (n) => releaseDueReferrals(room.at(n).as(), { batch: 100 })))
      released += runs.reduce((sum, run) => sum + run.released, 0)
      expect(runs.every(({ failed }) => failed === 0)).toBe(true)
    }
    expect(released).toBe(48)
    for (const { memberId } of inviters)
      expect(await room.account(memberId)).toMatchObject({ availablePoints: 1_200, debtPoints: 0 })
    expect(await states(friends)).toEqual({ released: 48 })
    expect((await words(inviters[0] as Pick<Friend, 'ctx'>))[0]).toMatch(/^首单已过退款期，.+到账$/)
  })

  test('tells the inviter who allows it, with the friend’s name masked; the books name nobody', async () => {
    await room.campaign()
    const [mei, silent] = [await room.inviter(), await room.inviter()]
    const at = room.one.clock.at
    await room.one.house.sql('outbox_allow', { memberId: mei.memberId, template: 'reward_released', count: 1, at })
    for (const { code } of [mei, silent]) {
      const { memberId } = await room.join(code)
      const nameSealed = Buffer.from(room.one.house.keys.seal('王小明'))
      await room.prisma.member.update({ where: { memberId }, data: { nameSealed } })
      await room.buy(memberId)
    }
    room.one.clock.pass(16 * DAY_MS)
    await releaseDueReferrals(room.one.as(), { batch: 100 })
    const told = await room.prisma.outboxMessage.findMany({ where: { template: 'reward_released' } })
    expect(told).toMatchObject([
      { memberId: mei.memberId, payload: { points: 100, friend: '王**', at: room.one.clock.at.toISOString() } },
    ])
    const transfer = await room.prisma.transfer.findFirst({ where: { memberId: mei.memberId, reason: 'referral' } })
    expect(transfer).toMatchObject({ amount: 100, detail: {} })
  })
})
