import { randomUUID } from 'node:crypto'
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
import { expectPromisesHold } from '../../../test/support/promises'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { handOver } from '../mall/pick-up.fixture'
import { setBirthday } from '../member/set-birthday'
import { merged, undone } from '../merge/undo.fixture'
import { holdOrder, quoteOrder, returnOrder, settleOrder } from '../order'
import { orderRefOf } from '../order/order-ref'
import { listRights } from '../right/list-rights'
import { newRight } from '../right/right.fixture'
import { bornIn, holdingsOf, newGiftOf } from './gift.fixture'
import { listConversions } from './list-conversions'
import { listGifts } from './list-gifts'
import { type OpenedGift, openGift } from './open-gift'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
let other: TestHouse
let clerk: Awaited<ReturnType<typeof newStaff>>
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
beforeEach(async () => {
  one.clock.at = NOON
  await one.as().db.right.deleteMany()
  clerk = await newStaff(one, { role: 'manager' })
})
afterEach(async () => {
  await expectLedgerHolds(one.as().db)
  await expectPromisesHold(one.as().db, one.clock.at)
})
afterAll(() => Promise.all([one.close(), other.close()]))

const open = ({ memberId }: Person, giftId: string, { requestId = randomUUID() as string, at = one } = {}) =>
  openGift(at.as(memberId), { requestId, giftId })
const crowd = <T>(work: (at: TestHouse, n: number) => Promise<T>): Promise<T>[] =>
  Array.from({ length: 64 }, (_, n) => work(n % 2 ? one : other, n))
const stands = async ({ ctx }: Person, giftId: string) =>
  (await listGifts(ctx)).gifts.find((gift) => gift.giftId === giftId)
const celebrant = async (days = 2) => {
  const me = await newMember(one)
  await bornIn(one, me.memberId, days)
  return me
}
const packs = async (giftId: string) => (await listConversions(one.as())).packs.find((pack) => pack.giftId === giftId)

describe('I-G1: never a second one, 64 ways over two processes', () => {
  test('of two birthday gifts in one year one is given; the next year one more', async () => {
    const me = await celebrant()
    const [{ giftId }, { giftId: second }] = [await newGiftOf(one, 'birthday'), await newGiftOf(one, 'birthday')]
    for (const given of [['given'], ['given', 'given']]) {
      const ends = await endsOf(crowd((at, n) => open(me, n % 4 < 2 ? giftId : second, { at })))
      expect(ends).toEqual({ answer: 1, GIFT_TAKEN: 63 })
      expect(await holdingsOf(one, me.memberId)).toEqual({
        given,
        coupons: given.map(() => 'granted'),
        pickups: [],
        points: 88 * given.length,
      })
      one.clock.pass(365 * DAY)
    }
  })

  test('one trial pack a person, and no more than there are', async () => {
    const { giftId } = await newGiftOf(one, 'trial_pack', { stock: 5 })
    const people = await Promise.all(Array.from({ length: 16 }, () => newMember(one)))
    const ends = await endsOf(crowd((at, n) => open(people[n % 16] as Person, giftId, { at })))
    expect(ends).toMatchObject({ answer: 5 })
    expect((ends.GIFT_GONE ?? 0) + (ends.GIFT_TAKEN ?? 0)).toBe(59)
    expect(await one.as().db.gift.findUniqueOrThrow({ where: { giftId } })).toMatchObject({ given: 5 })
    expect(await one.as().db.redemption.count({ where: { title: '武夷岩茶体验装' } })).toBe(5)
  })

  test('a birthday that is moved and an opening at once: one of both comes first, and one gift is given', async () => {
    const { giftId } = await newGiftOf(one, 'birthday')
    const me = await celebrant(40)
    const [month, day] = [11, 24]
    const works = crowd<unknown>((at, n) =>
      n % 4 === 0 ? setBirthday(at.as(me.memberId), { requestId: randomUUID(), month, day }) : open(me, giftId, { at }),
    )
    const ends = await endsOf(works)
    expect(Object.keys(ends).every((end) => ['answer', 'GIFT_NOT_OPEN', 'GIFT_TAKEN', 'BUSY'].includes(end))).toBe(true)
    expect((await holdingsOf(one, me.memberId)).given.length).toBeLessThanOrEqual(1)
    if ((await holdingsOf(one, me.memberId)).given.length === 0) await open(me, giftId)
    await refusalOf(open(me, giftId), 'GIFT_TAKEN')
  })
})

describe('a birthday gift', () => {
  test('needs the right that names it, the day, and its days; what it holds is there at once', async () => {
    const rightId = await newRight(one, { tierFrom: 3, hours: 24 })
    const { giftId } = await newGiftOf(one, 'birthday', { tierFrom: 2, rights: [{ rightId, days: 30 }] })
    const me = await newMember(one)
    expect(await refusalOf(open(me, giftId), 'RIGHT_LOCKED')).toEqual({ tier: 2 })
    expect(await stands(me, giftId)).toMatchObject({ state: 'refused', unlock: { tier: 2, honourName: null } })
    await one.as().db.standing.update({ where: { memberId: me.memberId }, data: { tier: 2 } })
    await refusalOf(open(me, giftId), 'BIRTHDAY_NEEDED')
    await setBirthday(me.ctx, { requestId: randomUUID(), month: 11, day: 27 })
    const opensAt = '2026-11-23T16:00:00.000Z'
    expect(await refusalOf(open(me, giftId), 'GIFT_NOT_OPEN')).toEqual({ opensAt })
    one.clock.at = new Date(Date.parse(opensAt) - 1)
    await refusalOf(open(me, giftId), 'GIFT_NOT_OPEN')
    one.clock.at = new Date('2026-12-04T15:59:59.999Z')
    expect(await stands(me, giftId)).toMatchObject({ state: 'open', claimBy: '2026-12-04T15:59:59.999Z' })
    const asked = { requestId: randomUUID() as string }
    const { contents } = await open(me, giftId, asked)
    expect(contents).toMatchObject([
      { kind: 'coupon', title: '生日券 12 元' },
      { kind: 'right', rightId, title: '早享', expiresAt: '2027-01-03T15:59:59.999Z' },
      { kind: 'points', points: 88 },
    ])
    expect((await listRights(me.ctx)).rights.find((right) => right.rightId === rightId)).toMatchObject({
      state: 'available',
      from: 'gift',
    })
    expect(await stands(me, giftId)).toMatchObject({ state: 'taken', againAt: '2027-11-23T16:00:00.000Z' })
    one.clock.pass(1)
    expect((await open(me, giftId, asked)).contents).toEqual(contents)
    expect(await refusalOf(open(me, giftId), 'GIFT_NOT_OPEN')).toEqual({ opensAt: '2027-11-23T16:00:00.000Z' })
  })
})

/** Picks the pack up at the counter. → what the clerk is told */
async function pickUp(me: Person, { contents }: OpenedGift) {
  const pickup = contents.find((content) => content.kind === 'pickup')
  const where = { memberId: me.memberId, redemptionId: pickup?.redemptionId as string }
  const { code } = await one.as().db.pickupCode.findFirstOrThrow({ where })
  return handOver(clerk, await newVisit(one, me, clerk), code)
}

/** Pays 60 yuan with this coupon. → the order */
async function payWith(me: Person, couponId: string): Promise<string> {
  const { visitId, memberRef } = await newVisit(one, me, clerk)
  const cart = { visitId, memberRef, fullFen: 6_000 }
  const { payableFen } = await quoteOrder(clerk.ctx, clerk, { ...cart, coupons: [couponId], points: 0 })
  const asked = { ...cart, requestId: randomUUID(), couponIds: [couponId], points: 0, payableFen }
  const { holdId } = await holdOrder(clerk.ctx, clerk, asked)
  return (await settleOrder(clerk.ctx, clerk, { requestId: randomUUID(), visitId, memberRef, holdId })).orderId
}

const giveBack = ({ memberId }: Person, orderId: string, refundFen?: number) =>
  returnOrder(clerk.ctx, clerk, {
    requestId: randomUUID(),
    orderRef: orderRefOf(one.house.keys, { memberId, orderId, visitId: null }),
    ...(refundFen === undefined ? {} : { refundFen }),
  })

const followUpOf = ({ memberId }: Person) =>
  one.as().db.coupon.findFirst({ where: { memberId, templateId: 'trial_10' } })

describe('a trial pack', () => {
  test('brings a coupon with its hand-over, and counts who comes back to use it, unless the order comes back', async () => {
    const { giftId } = await newGiftOf(one, 'trial_pack')
    const [me, idle] = [await newMember(one), await newMember(one)]
    await open(idle, giftId)
    const opened = await open(me, giftId)
    expect(opened.contents).toMatchObject([{ kind: 'pickup', title: '武夷岩茶体验装' }])
    expect(await followUpOf(me)).toBeNull()
    expect(await packs(giftId)).toMatchObject({ given: 2, pickedUp: 0, followed: 0, converted: 0, percent: 0 })
    expect(await pickUp(me, opened)).toMatchObject({ followUp: { title: '满 40 减 10' } })
    expect(await stands(me, giftId)).toMatchObject({ state: 'taken', followUp: { state: 'usable' } })
    expect(await packs(giftId)).toMatchObject({ given: 2, pickedUp: 1, followed: 1, converted: 0, percent: 0 })

    const { couponId } = (await followUpOf(me)) as { couponId: string }
    const came = { given: 2, pickedUp: 1, followed: 1, converted: 1, percent: 50 }
    const first = await payWith(me, couponId)
    expect(await packs(giftId)).toMatchObject(came)
    await giveBack(me, first, 1_000)
    expect(await packs(giftId)).toMatchObject(came)
    await giveBack(me, first)
    expect(await packs(giftId)).toMatchObject({ ...came, converted: 0, percent: 0 })
    await payWith(me, couponId)
    expect(await packs(giftId)).toMatchObject(came)
    expect(await stands(me, giftId)).toMatchObject({ followUp: { state: 'used' } })
  })

  test('is handed over all the same when its coupon has run out', async () => {
    const followUpTemplate = `none-${randomUUID().slice(0, 8)}`
    const none = { templateId: followUpTemplate, title: '没有了', kind: 'amount_off', amountOffFen: 100, rules: '' }
    await one.as().db.couponTemplate.create({ data: { ...none, validDays: 3, totalLimit: 0 } })
    const { giftId } = await newGiftOf(one, 'trial_pack', { followUpTemplate })
    const me = await newMember(one)
    expect(await pickUp(me, await open(me, giftId))).not.toHaveProperty('followUp')
    expect(await packs(giftId)).toMatchObject({ pickedUp: 1, followed: 0 })
  })
})

test('two records that each opened them become one person: of one year and one pack one stays; taken back, each has its own', async () => {
  const rightId = await newRight(one, { tierFrom: 5, hours: 24 })
  const [birthday, trial] = [
    await newGiftOf(one, 'birthday', { rights: [{ rightId, days: 600 }] }),
    await newGiftOf(one, 'trial_pack'),
  ]
  const [kept, gone] = [await celebrant(), await celebrant(3)]
  await open(gone, birthday.giftId)
  one.clock.pass(365 * DAY)
  for (const who of [gone, kept]) {
    await open(who, birthday.giftId)
    await pickUp(who, await open(who, trial.giftId))
    one.clock.pass(60_000)
  }
  const { couponId } = (await followUpOf(kept)) as { couponId: string }
  await payWith(kept, couponId)
  const before = await Promise.all([holdingsOf(one, kept.memberId), holdingsOf(one, gone.memberId)])
  const usable = () =>
    one.as().db.rightGrant.count({ where: { memberId: { in: [kept.memberId, gone.memberId] }, voidedAt: null } })
  const mergeId = await merged(one, kept.memberId, gone.memberId)
  const both = await holdingsOf(one, kept.memberId)
  // the birthday of the year before is nobody's second one
  expect(both.given).toEqual(['given', 'given', 'given', 'superseded', 'superseded'])
  expect(both.points).toBe(176)
  expect(await usable()).toBe(2)
  for (const { giftId } of [birthday, trial]) await refusalOf(open(kept, giftId), 'GIFT_TAKEN')
  // the order that the survivor's own pack had brought is no other person's
  expect(await packs(trial.giftId)).toMatchObject({ given: 1, pickedUp: 1, followed: 1, converted: 0 })
  await expectPromisesHold(one.as().db, one.clock.at)

  const { restored, lost } = await undone(one, mergeId)
  expect([restored.map(({ kind }) => kind), lost]).toEqual([
    ['gift_superseded', 'gift_superseded', 'phone_dropped'],
    [],
  ])
  expect(await Promise.all([holdingsOf(one, kept.memberId), holdingsOf(one, gone.memberId)])).toEqual(before)
  expect(await usable()).toBe(3)
  expect(await packs(trial.giftId)).toMatchObject({ given: 2, pickedUp: 2, followed: 2, converted: 1, percent: 50 })
  for (const who of [kept, gone]) await refusalOf(open(who, birthday.giftId), 'GIFT_TAKEN')
})
