import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { seedCoupon } from '../../../prisma/seed/coupon'
import { DEMO_GIFT } from '../../../prisma/seed/gift'
import { seedRewards } from '../../../prisma/seed/mall'
import { testDatabase } from '../../../test/support/database'
import {
  newMember,
  newPhone,
  newStaff,
  newVisit,
  type Person,
  type TestHouse,
  testHouse,
} from '../../../test/support/people'
import { bornIn, newGiftOf } from '../gift/gift.fixture'
import { listGifts } from '../gift/list-gifts'
import { openGift } from '../gift/open-gift'
import { exchangeReward } from '../mall/exchange-reward'
import { award } from '../member/member.fixture'
import { settleOrder } from '../order'
import { newRight } from '../right/right.fixture'
import { showHome } from './show-home'

const database = testDatabase()
let one: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  await seedCoupon(one.as())
})
afterAll(() => one.close())

const db = () => one.as().db
const inDays = (n: number) => new Date(one.clock.at.getTime() + n * DAY_MS)
/** A member who shows the code already: their day is empty. */
async function quiet(): Promise<Person> {
  const me = await newMember(one)
  await newPhone(me)
  return me
}

describe('the gift', () => {
  const gift = { ...DEMO_GIFT, pickups: [], startsAt: new Date('2026-01-01T00:00:00+08:00') }
  beforeAll(async () => void (await db().gift.create({ data: gift })))
  afterAll(async () => void (await db().gift.deleteMany()))

  test('waits for who has just joined, first of all, until the day that the gift itself says', async () => {
    const { ctx } = await newMember(one)
    const home = await showHome(ctx)
    const shown = (await listGifts(ctx)).gifts[0]
    expect(home.gift).toEqual({ giftId: gift.giftId, title: '新人礼', claimBy: shown?.claimBy })
    expect(home.today[0]).toEqual({ kind: 'gift_open', ...home.gift })
  })

  test('is gone from the day once it was opened, and its coupon is counted', async () => {
    const { ctx } = await newMember(one)
    await openGift(ctx, { requestId: randomUUID(), giftId: gift.giftId })
    const { gift: open, counts, today } = await showHome(ctx)
    expect(open).toBeNull()
    expect(counts.coupons).toBe(1)
    expect(today.some(({ kind }) => kind === 'gift_open')).toBe(false)
  })

  test.each([
    ['too late', async (_me: Person) => one.clock.pass(40 * DAY_MS)],
    ['without stock', async () => void (await db().gift.updateMany({ data: { given: 5_000 } }))],
    ['over its budget', async () => void (await db().gift.updateMany({ data: { pointsGiven: 499_901 } }))],
    ['before it starts', async () => void (await db().gift.updateMany({ data: { startsAt: inDays(1) } }))],
    ['after it ended', async () => void (await db().gift.updateMany({ data: { endsAt: inDays(-1) } }))],
  ])('is not told %s, as the gift’s own page says', async (_why, make) => {
    await db().gift.updateMany({ data: { given: 0, pointsGiven: 0, startsAt: gift.startsAt, endsAt: null } })
    const me = await newMember(one)
    expect((await showHome(me.ctx)).gift).not.toBeNull()
    await make(me)
    expect((await showHome(me.ctx)).gift).toBeNull()
    expect((await listGifts(me.ctx)).gifts[0]?.state ?? 'none').not.toBe('open')
  })

  test('is not for who bought before joining', async () => {
    await db().gift.updateMany({ data: { given: 0, pointsGiven: 0, startsAt: gift.startsAt, endsAt: null } })
    const clerk = await newStaff(one)
    const me = await newMember(one)
    const { visitId, memberRef } = await newVisit(one, me, clerk)
    await settleOrder(clerk.ctx, clerk, { requestId: randomUUID(), visitId, memberRef, amountFen: 2_000 })
    expect((await showHome(me.ctx)).gift).not.toBeNull()
    await db().order.updateMany({ where: { memberId: me.memberId }, data: { settledAt: inDays(-30) } })
    expect((await showHome(me.ctx)).gift).toBeNull()
  })
})

test('a birthday gift is told while it can be opened by whom its right is for, as its own page says', async () => {
  const { giftId } = await newGiftOf(one, 'birthday', { tierFrom: 2, pickups: [] })
  const me = await quiet()
  const told = async () => {
    const [{ today, gift }, { gifts }] = [await showHome(me.ctx), await listGifts(me.ctx)]
    const shown = gifts.find((one) => one.giftId === giftId)
    expect(gift).toEqual(shown?.state === 'open' ? { giftId, title: '生日礼', claimBy: shown.claimBy } : null)
    expect(today).toEqual(gift ? [{ kind: 'gift_open', ...gift }] : [])
    // the rights that run may be seconds old
    one.clock.pass(3_000)
    return shown?.state
  }
  expect(await told()).toBe('refused')
  await bornIn(one, me.memberId, -2)
  expect(await told()).toBe('refused')
  await db().standing.update({ where: { memberId: me.memberId }, data: { tier: 2, since: new Date(0) } })
  expect(await told()).toBe('open')
  await openGift(me.ctx, { requestId: randomUUID(), giftId })
  await db().coupon.deleteMany()
  expect(await told()).toBe('taken')
  await db().gift.deleteMany({ where: { giftId } })
})

describe('rewards', () => {
  const base = { subtitle: '', art: 'cup', kind: 'pickup' as const, rules: '门店领取' }
  const put = (wishes: object[]) => seedRewards(one.as(), wishes.map((wish) => ({ ...base, ...wish })) as never)
  beforeEach(async () => void (await db().reward.deleteMany()))
  const seen = async ({ ctx }: Person) => {
    // what is left may be seconds old
    one.clock.pass(3_000)
    return (await showHome(ctx)).rewards.map(({ rewardId, left, shortPoints }) => `${rewardId} ${left} ${shortPoints}`)
  }

  test('that can be paid for come first, the dearest before; then the nearest, with how far they are', async () => {
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}-${randomUUID().slice(0, 8)}`)
    await put([
      { rewardId: a, title: 'a', points: 50 },
      { rewardId: b, title: 'b', points: 100, stockTotal: 7 },
      { rewardId: c, title: 'c', points: 130 },
      { rewardId: d, title: 'd', points: 120, stockTotal: 3, numbered: true },
      { rewardId: e, title: 'e', points: 900 },
    ])
    const me = await quiet()
    await award(one, me.memberId, { points: 100 })
    expect(await seen(me)).toEqual([`${b} 7 0`, `${a} null 0`, `${d} 3 20`, `${c} null 30`])
  })

  test('that cannot be had are not shown: sold out, above the tier, not open, over, unlisted, at the limit', async () => {
    const name = () => `r-${randomUUID().slice(0, 8)}`
    const [gone, limited, early] = [name(), name(), name()]
    await put([
      { rewardId: gone, title: 'x', points: 1, stockTotal: 1 },
      { rewardId: name(), title: 'x', points: 1, tierGate: 4 },
      { rewardId: name(), title: 'x', points: 1, publicInDays: 3 },
      { rewardId: name(), title: 'x', points: 1, endsInDays: -1 },
      { rewardId: name(), title: 'x', points: 1, listed: false },
      { rewardId: limited, title: 'x', points: 1, perPersonLimit: 1 },
      { rewardId: early, title: 'x', points: 1, publicInDays: 1, earlyHours: 48 },
    ])
    await newRight(one, { tierFrom: 3, quota: 1, period: 'month', hours: 24 })
    const me = await quiet()
    await award(one, me.memberId, { points: 100 })
    expect(await seen(me)).toEqual([`${gone} 1 0`, `${limited} null 0`])
    for (const rewardId of [gone, limited])
      await exchangeReward(me.ctx, { requestId: randomUUID(), rewardId, points: 1 })
    expect(await seen(me)).toEqual([])
    await db().standing.update({ where: { memberId: me.memberId }, data: { tier: 3 } })
    expect((await seen(me)).map((line) => line.split(' ')[0])).toEqual([early])
    await exchangeReward(me.ctx, { requestId: randomUUID(), rewardId: early, points: 1 })
    expect(await seen(me)).toEqual([])
  })

  test('are as far away as what is owed makes them', async () => {
    const rewardId = `r-${randomUUID().slice(0, 8)}`
    await put([{ rewardId, title: 'x', points: 40 }])
    const me = await quiet()
    await db().account.update({ where: { memberId: me.memberId }, data: { debtPoints: 30 } })
    expect(await seen(me)).toEqual([`${rewardId} null 70`])
    await db().account.update({ where: { memberId: me.memberId }, data: { debtPoints: 0 } })
  })
})

test('coupons, pick-ups and obligations are counted and the urgent ones told', async () => {
  const me = await quiet()
  const { memberId } = me
  const common = { memberId, state: 'granted', grantedAt: inDays(-4), effectKind: 'test', effectPart: '' }
  const coupon = (templateId: string, ends: number, validFrom = inDays(-4)) => {
    const couponId = randomUUID()
    return { ...common, couponId, templateId, validFrom, expiresAt: inDays(ends), effectSource: couponId }
  }
  await db().coupon.createMany({
    data: [coupon('new_8', 2), coupon('packet_5', 20), coupon('mall_8', 1, inDays(0.5)), coupon('new_8', -1)],
  })
  const redemption = (state: string, more: object = {}) => ({
    memberId,
    redemptionId: randomUUID() as string,
    rewardId: 'x',
    origin: 'mall',
    title: '白桃乌龙',
    points: 1,
    state,
    placedAt: inDays(-1),
    readyAt: inDays(-1),
    pickupBy: inDays(6),
    ...more,
  })
  const ready = redemption('ready')
  const over = { finishedAt: inDays(0), cancelReason: 'member' }
  await db().redemption.createMany({ data: [redemption('placed'), ready, redemption('cancelled', over)] })
  const { counts, today } = await showHome(me.ctx)
  expect(counts).toEqual({ coupons: 3, pickups: 2, obligations: 0 })
  expect(today).toEqual([
    {
      kind: 'pickup_ready',
      redemptionId: ready.redemptionId,
      title: '白桃乌龙',
      pickupBy: inDays(6).toISOString(),
    },
    { kind: 'coupon_expiring', title: '满 30 减 8', expiresAt: inDays(2).toISOString(), count: 1 },
  ])
})

test('an obligation near its goal, a friend’s reward with the masked name, and the own share code', async () => {
  const [me, friend] = [await quiet(), await newMember(one, { name: '王小雨' })]
  const { memberId } = me
  await db().honour.create({ data: { honourId: 'cup', name: '惜杯人', mark: 'cup', words: '带杯的人' } })
  const duty = {
    kind: 'check_in',
    title: '带自己的杯子',
    words: '',
    mark: 'cup',
    proof: 'staff_scan',
    rewardPoints: 200,
    honourId: 'cup',
    budgetPoints: 1_000,
    startsAt: inDays(-9),
  }
  await db().obligation.createMany({
    data: [
      { ...duty, obligationId: 'near', target: 10, endsAt: inDays(9) },
      { ...duty, obligationId: 'far', target: 10, endsAt: inDays(9) },
      { ...duty, obligationId: 'over', target: 10, endsAt: inDays(-1) },
      { ...duty, obligationId: 'done', target: 10, endsAt: inDays(9) },
    ],
  })
  const instance = (obligationId: string, progress: number, state = 'in_progress') => ({
    memberId,
    instanceId: randomUUID(),
    obligationId,
    state,
    progress,
    acceptedAt: inDays(-8),
  })
  await db().obligationInstance.createMany({
    data: [instance('near', 9), instance('far', 2), instance('over', 9), instance('done', 10, 'rewarded')],
  })
  await db().referral.create({
    data: {
      memberId: friend.memberId,
      referralId: randomUUID(),
      inviterId: memberId,
      code: 'ABCD1234',
      campaignId: 'x',
      state: 'released',
      points: 300,
      joinedAt: inDays(-20),
      settledAt: inDays(-1),
    },
  })
  const { counts, today, shareCode } = await showHome(me.ctx)
  expect(counts.obligations).toBe(2)
  expect(today).toEqual([
    {
      kind: 'obligation_near',
      obligationId: 'near',
      title: '带自己的杯子',
      left: 1,
      rewardWords: '200 积分和「惜杯人」',
    },
    { kind: 'reward_released', points: 300, friend: '王**' },
  ])
  const link = await db().referralLink.findFirst({ where: { memberId }, orderBy: { createdAt: 'asc' } })
  expect(shareCode).toBe(link?.code ?? null)
})
