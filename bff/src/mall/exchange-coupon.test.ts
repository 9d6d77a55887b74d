import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { cancelRedemption } from './cancel-redemption'
import { booksOf, exchange, HOUR, newReward, saver, savers } from './mall.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => Promise.all([one.close(), other.close()]))

/** The same person at one of two servers, in turn. */
const at = (n: number, memberId: string) => (n % 2 ? one : other).as(memberId)

describe('a coupon', () => {
  const template = (templateId: string, more = {}) =>
    one.as().db.couponTemplate.create({
      data: {
        templateId,
        title: '满 30 减 8',
        kind: 'amount_off',
        amountOffFen: 800,
        validDays: 30,
        rules: '',
        ...more,
      },
    })

  test('is there at once, is done with that, and cannot be taken back', async () => {
    const me = await saver(one)
    await template('t_plain')
    const { redemption } = await exchange(me.ctx, await newReward(one, { kind: 'coupon', couponTemplateId: 't_plain' }))
    const coupon = await one.as().db.coupon.findFirstOrThrow({ where: { memberId: me.memberId } })
    expect(redemption).toMatchObject({
      state: 'done',
      couponId: coupon.couponId,
      pickupBy: coupon.expiresAt.toISOString(),
      pickupCode: null,
      canCancel: false,
    })
    const { redemptionId } = redemption
    await refusalOf(cancelRedemption(me.ctx, { requestId: randomUUID(), redemptionId }), 'REDEMPTION_DONE')
    expect(await booksOf(me.ctx, me.memberId)).toMatchObject({ points: 900, standing: 1 })
  })

  test('I-C1, I-M2: 64 members for the last ten of a template: ten coupons, ten charges', async () => {
    const crowd = await savers(one, 64)
    await template('t_ten', { totalLimit: 10 })
    const reward = await newReward(one, { kind: 'coupon', couponTemplateId: 't_ten' })
    const ends = await endsOf(crowd.map(({ memberId }, n) => exchange(at(n, memberId), reward)))
    expect(ends).toEqual({ answer: 10, REWARD_GONE: 54 })
    expect(await one.as().db.coupon.count({ where: { templateId: 't_ten' } })).toBe(10)
    const books = await Promise.all(crowd.map(({ ctx, memberId }) => booksOf(ctx, memberId)))
    expect(books.filter(({ points }) => points === 900)).toHaveLength(10)
    expect(books.filter(({ points }) => points === 1_000)).toHaveLength(54)
  })

  test('that the template refuses to this person, or to everybody now, costs nothing', async () => {
    const me = await saver(one)
    await template('t_once', { perPersonLimit: 1 })
    await template('t_over', { endsAt: new Date(one.clock.at.getTime() - HOUR) })
    const once = await newReward(one, { kind: 'coupon', couponTemplateId: 't_once' })
    await exchange(me.ctx, once)
    expect(await refusalOf(exchange(me.ctx, once), 'REWARD_LIMIT')).toEqual({ limit: 1 })
    await refusalOf(
      exchange(me.ctx, await newReward(one, { kind: 'coupon', couponTemplateId: 't_over' })),
      'REWARD_OVER',
    )
    expect(await booksOf(me.ctx, me.memberId)).toMatchObject({ points: 900, standing: 1 })
  })
})
