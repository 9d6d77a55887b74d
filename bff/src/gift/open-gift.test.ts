import { randomUUID } from 'node:crypto'
import { endOfBusinessDay } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import {
  NOON,
  newMember,
  newStaff,
  newVisit,
  type Person,
  type TestHouse,
  testHouse,
} from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { listStatement } from '../ledger/list-statement'
import { cancelRedemption } from '../mall/cancel-redemption'
import { exchange, newReward } from '../mall/mall.fixture'
import { mergeMember } from '../member'
import { oldCard } from '../member/member.fixture'
import { settleOrder } from '../order'
import { holdingsOf, newGift, WELCOME_COUPON } from './gift.fixture'
import { type OpenedGift, openGift } from './open-gift'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
let other: TestHouse
let giftId: string
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
  giftId = await newGift(one)
})
beforeEach(() => {
  one.clock.at = NOON
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => Promise.all([one.close(), other.close()]))

const open = (
  { memberId }: Person,
  { requestId = randomUUID() as string, at = one, gift = giftId } = {},
): Promise<OpenedGift> => openGift(at.as(memberId), { requestId, giftId: gift })
const crowd = <T>(work: (at: TestHouse, n: number) => Promise<T>): Promise<T>[] =>
  Array.from({ length: 64 }, (_, n) => work(n % 2 ? one : other, n))
const merge = (kept: Person, gone: Person) => inTx(other.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))

/** One gift, whole. */
const WHOLE = { given: ['given'], coupons: ['granted'], pickups: ['ready'], points: 100 }

describe('opening the new-member gift', () => {
  test('gives what is in it: the pick-up, the coupon, the points', async () => {
    const me = await newMember(one)
    expect(await open(me)).toEqual({
      openedAt: one.clock.at.toISOString(),
      contents: [
        { kind: 'pickup', redemptionId: expect.any(String), title: '白桃乌龙体验装', pickupBy: expect.any(String) },
        { kind: 'coupon', couponId: expect.any(String), title: WELCOME_COUPON, expiresAt: '2026-12-22T15:59:59.999Z' },
        { kind: 'points', points: 100, expiresAt: '2027-11-30T15:59:59.999Z' },
      ],
    })
    expect(await holdingsOf(one, me.memberId)).toEqual(WHOLE)
    const { lines } = await listStatement(me.ctx, {})
    expect(lines[0]).toMatchObject({ words: '2026-11-22 打开「新人礼」，获得 100 积分' })
  })

  test('sent again it gives the first answer, also after the time for it is over', async () => {
    const me = await newMember(one)
    const requestId = randomUUID()
    const first = await open(me, { requestId })
    one.clock.pass(40 * DAY)
    expect(await open(me, { requestId })).toEqual(first)
    await refusalOf(open(me, { requestId, gift: await newGift(one) }), 'REQUEST_REUSED')
  })

  test('one command 64 times over two processes: one gift, 64 equal answers', async () => {
    const me = await newMember(one)
    const requestId = randomUUID()
    const answers = await Promise.all(crowd((at) => open(me, { requestId, at })))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await holdingsOf(one, me.memberId)).toEqual(WHOLE)
  })
})

describe('I-G1: never a second new-member gift', () => {
  test('64 openings by one member over two processes: one is given, 63 find it taken', async () => {
    const me = await newMember(one)
    expect(await endsOf(crowd((at) => open(me, { at })))).toEqual({ answer: 1, GIFT_TAKEN: 63 })
    expect(await holdingsOf(one, me.memberId)).toEqual(WHOLE)
  })

  test('64 openings of two different gifts: still one', async () => {
    const me = await newMember(one)
    const second = await newGift(one)
    const ends = await endsOf(crowd((at, n) => open(me, { at, gift: n % 4 < 2 ? giftId : second })))
    expect(ends).toEqual({ answer: 1, GIFT_TAKEN: 63 })
  })

  test('two records that each opened one become one person: of the later one nothing unused stays', async () => {
    const [kept, gone] = [await newMember(one), await newMember(one)]
    await open(gone)
    one.clock.pass(DAY)
    await open(kept)
    await merge(kept, gone)
    const { given, coupons, pickups, points } = await holdingsOf(one, kept.memberId)
    expect(given).toEqual(['given', 'superseded'])
    expect(coupons).toEqual(['granted', 'voided'])
    expect(pickups.sort()).toEqual(['cancelled', 'ready'])
    expect(points).toBe(100)
    await refusalOf(open(kept), 'GIFT_TAKEN')
    const { lines } = await listStatement(kept.ctx, { kind: 'spent' })
    expect(lines[0]?.words).toMatch(/两张会员卡并成一张，多领的「新人礼」收回 100 积分/)
  })

  test('what was used of the later one stays recorded, and does not come back with its order', async () => {
    const [kept, gone] = [await newMember(one), await newMember(one)]
    await open(kept)
    one.clock.pass(DAY)
    const { contents } = await open(gone)
    const couponId = contents.find((content) => content.kind === 'coupon')?.couponId
    const [holdId, orderId, at] = [randomUUID(), randomUUID(), one.clock.at]
    const { memberId } = gone
    await one.house.sql('coupon_hold', { memberId, couponId, holdId, at, heldUntil: new Date(at.getTime() + 1_000) })
    await one.house.sql('coupon_use', { memberId, holdId, orderId, at })
    await one.house.sql('ledger_spend', {
      memberId,
      at,
      kind: 'test',
      sourceId: holdId,
      points: 60,
      reason: 'exchange',
    })
    await merge(kept, gone)
    expect(await holdingsOf(one, kept.memberId)).toMatchObject({
      given: ['given', 'superseded'],
      coupons: ['granted', 'used'],
      points: 100,
    })
    const { coupons } = await one.house.sql<{ coupons: object[] }>('coupon_return', {
      memberId: kept.memberId,
      orderId,
      at,
    })
    expect(coupons).toMatchObject([{ returned: false }])
    expect((await holdingsOf(one, kept.memberId)).coupons).toEqual(['granted', 'voided'])
  })

  test('its points that come back from an exchange later on stay with the programme', async () => {
    const [kept, gone] = [await newMember(one), await newMember(one)]
    await open(kept)
    one.clock.pass(DAY)
    await open(gone)
    const { redemption } = await exchange(gone.ctx, await newReward(one, { points: 60 }))
    await merge(kept, gone)
    expect((await holdingsOf(one, kept.memberId)).points).toBe(100)
    one.clock.pass(DAY)
    await cancelRedemption(kept.ctx, { requestId: randomUUID(), redemptionId: redemption.redemptionId })
    expect((await holdingsOf(one, kept.memberId)).points).toBe(100)
    const { lines } = await listStatement(kept.ctx, { kind: 'spent' })
    expect(lines.map(({ words }) => words)).toEqual(
      expect.arrayContaining([expect.stringContaining('收回 60 积分'), expect.stringContaining('收回 40 积分')]),
    )
  })

  test('three records, each with a gift, merged one after the other: one gift stays', async () => {
    const [first, second, third] = [await newMember(one), await newMember(one), await newMember(one)]
    for (const person of [first, second, third]) {
      await open(person)
      one.clock.pass(60_000)
    }
    await merge(second, third)
    await merge(first, second)
    const { given, coupons, pickups, points } = await holdingsOf(one, first.memberId)
    expect(given.filter((state) => state === 'given')).toHaveLength(1)
    expect(coupons.filter((state) => state === 'granted')).toHaveLength(1)
    expect(pickups.filter((state) => state === 'ready')).toHaveLength(1)
    expect(points).toBe(100)
  })

  test('64 openings of two records beside their merge over two processes: one gift stays whole', async () => {
    for (let round = 0; round < 4; round++) {
      const [kept, gone] = [await newMember(one), await newMember(one)]
      const openings = crowd((at, n) => open(n % 4 < 2 ? kept : gone, { at }))
      const [ends] = await Promise.all([endsOf(openings), merge(kept, gone)])
      expect([1, 2]).toContain(ends.answer)
      const { given, coupons, pickups, points } = await holdingsOf(one, kept.memberId)
      expect(given.filter((state) => state === 'given')).toHaveLength(1)
      expect(coupons.filter((state) => state === 'granted')).toHaveLength(1)
      expect(pickups.filter((state) => state === 'ready')).toHaveLength(1)
      expect(points).toBe(100)
      expect(await one.as().db.giftGiven.count({ where: { memberId: gone.memberId } })).toBe(0)
      await expectLedgerHolds(one.as().db)
    }
  })
})

describe('stock and budget', () => {
  test('a stock of 5 among 64 people over two processes: five are given, 59 are told that it is gone', async () => {
    const gift = await newGift(one, { stock: 5, pointsBudget: null })
    const people = await Promise.all(Array.from({ length: 64 }, () => newMember(one)))
    const ends = await endsOf(crowd((at, n) => open(people[n] as Person, { at, gift })))
    expect(ends).toEqual({ answer: 5, GIFT_GONE: 59 })
    const { db } = one.as()
    expect(await db.gift.findUniqueOrThrow({ where: { giftId: gift } })).toMatchObject({ given: 5, pointsGiven: 500 })
    expect(await db.giftGiven.count({ where: { giftId: gift } })).toBe(5)
    // who was too late has nothing, and may open the next one
    const late = (await Promise.all(people.map((person) => holdingsOf(one, person.memberId)))).filter(
      ({ given }) => given.length === 0,
    )
    expect(late).toEqual(Array(59).fill({ given: [], coupons: [], pickups: [], points: 0 }))
  })

  test('a budget of 350 points: three gifts of 100', async () => {
    const gift = await newGift(one, { stock: null, pointsBudget: 350 })
    const people = await Promise.all(Array.from({ length: 64 }, () => newMember(one)))
    const ends = await endsOf(crowd((at, n) => open(people[n] as Person, { at, gift })))
    expect(ends).toEqual({ answer: 3, GIFT_GONE: 61 })
  })

  test('one without either keeps no count', async () => {
    const gift = await newGift(one, { stock: null, pointsBudget: null, points: 0, pickups: [] })
    const { contents } = await open(await newMember(one), { gift })
    expect(contents).toMatchObject([{ kind: 'coupon' }])
    expect(await one.as().db.gift.findUniqueOrThrow({ where: { giftId: gift } })).toMatchObject({ given: 0 })
  })

  test('short of one of its coupons it is gone as a whole', async () => {
    const me = await newMember(one)
    const gift = await newGift(one, { couponTemplates: ['new_8', 'no-such'] })
    await refusalOf(open(me, { gift }), 'GIFT_GONE')
    expect(await holdingsOf(one, me.memberId)).toEqual({ given: [], coupons: [], pickups: [], points: 0 })
  })
})

describe('is refused', () => {
  test('for a gift that is not there or has not begun', async () => {
    const me = await newMember(one)
    expect(await refusalOf(open(me, { gift: 'no-such' }), 'NOT_FOUND')).toEqual({ noun: 'gift' })
    const later = await newGift(one, { startsAt: new Date(one.clock.at.getTime() + DAY) })
    await refusalOf(open(me, { gift: later }), 'NOT_FOUND')
  })

  test('after the days for it, to the millisecond of the day’s end in Shanghai', async () => {
    const me = await newMember(one)
    const lastMoment = endOfBusinessDay(new Date(NOON.getTime() + 30 * DAY))
    one.clock.at = new Date(lastMoment.getTime() + 1)
    await refusalOf(open(me), 'GIFT_OVER')
    one.clock.at = lastMoment
    await open(me)
  })

  test('when the gift itself has ended', async () => {
    const gift = await newGift(one, { endsAt: new Date(one.clock.at.getTime() - 1) })
    await refusalOf(open(await newMember(one), { gift }), 'GIFT_OVER')
  })

  test('for who joined before there was a gift, or only has a card', async () => {
    const early = await newMember(one, { joinedAt: new Date('2025-11-01T00:00:00Z') })
    expect(await refusalOf(open(early), 'NOT_NEW')).toEqual({ reason: 'joined_before' })
    const card = await oldCard(one)
    expect(await refusalOf(open(card), 'NOT_NEW')).toEqual({ reason: 'joined_before' })
  })

  test('for who bought with an old card within the half year before joining; longer ago does not count', async () => {
    const clerk = await newStaff(one)
    for (const [daysBefore, end] of [
      [179, 'NOT_NEW'],
      [181, 'answer'],
    ] as const) {
      const card = await oldCard(one, { points: 0 })
      const visit = await newVisit(one, card, clerk)
      await settleOrder(clerk.ctx, clerk, {
        requestId: randomUUID(),
        visitId: visit.visitId,
        memberRef: visit.memberRef,
        amountFen: 1_800,
      })
      one.clock.pass(daysBefore * DAY)
      const me = await newMember(one)
      await merge(me, card)
      expect(await endsOf([open(me)])).toEqual({ [end]: 1 })
    }
  })
})
