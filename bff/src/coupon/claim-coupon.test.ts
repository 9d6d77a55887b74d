import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newMember, type Person, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { claimCoupon } from './claim-coupon'
import { couponsOf, newTemplate, templateOf } from './coupon.fixture'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
let other: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
afterAll(() => Promise.all([one.close(), other.close()]))

const claim = (
  { memberId }: Person,
  templateId: string,
  { requestId = randomUUID() as string, at = one }: { requestId?: string; at?: TestHouse } = {},
) => claimCoupon(at.as(memberId), { requestId, templateId })

/** The nth of 64 goes to one of the two processes. */
const crowd = <T>(work: (at: TestHouse, n: number) => Promise<T>): Promise<T>[] =>
  Array.from({ length: 64 }, (_, n) => work(n % 2 ? one : other, n))

describe('taking a coupon that lies open', () => {
  test('gives it at once, until the end of its last day', async () => {
    const me = await newMember(one)
    const templateId = await newTemplate(one, { validDays: 14 })
    const coupon = await claim(me, templateId)
    expect(coupon).toEqual({
      couponId: expect.any(String),
      templateId,
      title: '满 30 减 8',
      kind: 'amount_off',
      amountOffFen: 800,
      payPercent: null,
      thresholdFen: 3_000,
      stackingGroup: 'order',
      scope: null,
      scopeNames: null,
      state: 'usable',
      validFrom: one.clock.at.toISOString(),
      expiresAt: '2026-12-06T15:59:59.999Z',
      usedAt: null,
      rules: expect.any(String),
      from: 'claim',
    })
    expect(await couponsOf(one, me.memberId)).toMatchObject([{ couponId: coupon.couponId, state: 'granted' }])
  })

  test('sent again it gives the same coupon; for another one the requestId is refused', async () => {
    const me = await newMember(one)
    const templateId = await newTemplate(one)
    const requestId = randomUUID()
    const first = await claim(me, templateId, { requestId })
    expect(await claim(me, templateId, { requestId })).toEqual(first)
    await refusalOf(claim(me, await newTemplate(one), { requestId }), 'REQUEST_REUSED')
    expect(await couponsOf(one, me.memberId)).toHaveLength(1)
  })

  test('one command 64 times over two processes: one coupon, 64 equal answers', async () => {
    const me = await newMember(one)
    const templateId = await newTemplate(one)
    const requestId = randomUUID()
    const answers = await Promise.all(crowd((at) => claim(me, templateId, { requestId, at })))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await couponsOf(one, me.memberId)).toHaveLength(1)
  })
})

describe('I-C1: no grant above a limit, at any concurrency', () => {
  test('64 members for the last one over two processes: one has it, 63 are told that it is gone', async () => {
    const people = await Promise.all(Array.from({ length: 64 }, () => newMember(one)))
    const templateId = await newTemplate(one, { totalLimit: 1, perPersonLimit: 1 })
    expect(await endsOf(crowd((at, n) => claim(people[n] as Person, templateId, { at })))).toEqual({
      answer: 1,
      COUPON_GONE: 63,
    })
    expect(await one.as().db.coupon.count({ where: { templateId } })).toBe(1)
    expect(await templateOf(one, templateId)).toMatchObject({ granted: 1 })
    // who came too late has not used up a share of their own
    expect(await one.as().db.couponQuota.count({ where: { templateId, granted: { gt: 0 } } })).toBe(1)
  })

  test('64 different claims of one member over two processes: as many as one person may have', async () => {
    const me = await newMember(one)
    const templateId = await newTemplate(one, { perPersonLimit: 1, totalLimit: 500 })
    expect(await endsOf(crowd((at) => claim(me, templateId, { at })))).toEqual({ answer: 1, COUPON_LIMIT: 63 })
    expect(await couponsOf(one, me.memberId)).toHaveLength(1)
    expect(await templateOf(one, templateId)).toMatchObject({ granted: 1 })
  })

  test.each([
    ['a total of 10', { totalLimit: 10 }, { granted: 10, budgetUsedFen: 0 }],
    ['a budget for 10 and a half', { budgetFen: 8_400, faceFen: 800 }, { granted: 0, budgetUsedFen: 8_000 }],
    ['a budget for 10 and a total of 20', { budgetFen: 8_000, faceFen: 800, totalLimit: 20 }, { granted: 10 }],
  ])('%s among 64 over two processes: ten are given', async (_name, wish, books) => {
    const people = await Promise.all(Array.from({ length: 64 }, () => newMember(one)))
    const templateId = await newTemplate(one, { ...wish, perPersonLimit: 1 })
    const ends = await endsOf(crowd((at, n) => claim(people[n] as Person, templateId, { at })))
    expect(ends).toEqual({ answer: 10, COUPON_GONE: 54 })
    expect(await templateOf(one, templateId)).toMatchObject(books)
    // who came too late has not used up a share of their own
    expect(await one.as().db.couponQuota.count({ where: { templateId, granted: { gt: 0 } } })).toBe(10)
  })

  test('64 claims beside a merge: what is over the limit was there before it, nothing new comes on top', async () => {
    const [kept, gone] = [await newMember(one), await newMember(one)]
    const templateId = await newTemplate(one, { perPersonLimit: 1 })
    const claims = crowd((at, n) => claim(n % 4 < 2 ? kept : gone, templateId, { at }))
    const merge = inTx(other.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
    const [ends] = await Promise.all([endsOf(claims), merge])
    const mine = await couponsOf(one, kept.memberId)
    expect(mine.length).toBe(ends.answer)
    expect(mine.length).toBeLessThanOrEqual(2)
    expect(await couponsOf(one, gone.memberId)).toEqual([])
    await refusalOf(claim(kept, templateId), 'COUPON_LIMIT')
    const quota = await one.as().db.couponQuota.findMany({ where: { templateId } })
    expect(quota).toMatchObject([{ memberId: kept.memberId, granted: mine.length }])
  })
})

describe('is refused', () => {
  test('for one that is not there or is given for other reasons only', async () => {
    const me = await newMember(one)
    await refusalOf(claim(me, 'no-such'), 'NOT_FOUND')
    await refusalOf(claim(me, await newTemplate(one, { claimable: false })), 'NOT_FOUND')
    expect(await couponsOf(one, me.memberId)).toEqual([])
  })

  test('before it opens, after it closed, and when its own end has come', async () => {
    const me = await newMember(one)
    const at = (days: number) => new Date(one.clock.at.getTime() + days * DAY)
    const early = await refusalOf(claim(me, await newTemplate(one, { startsAt: at(1) })), 'COUPON_NOT_OPEN')
    expect(early).toEqual({ opensAt: at(1).toISOString() })
    await refusalOf(claim(me, await newTemplate(one, { endsAt: at(-1) })), 'COUPON_OVER')
    await refusalOf(claim(me, await newTemplate(one, { validDays: null, validUntil: at(-1) })), 'COUPON_OVER')
  })

  test('above one’s own limit, saying which', async () => {
    const me = await newMember(one)
    const templateId = await newTemplate(one, { perPersonLimit: 2 })
    await claim(me, templateId)
    await claim(me, templateId)
    expect(await refusalOf(claim(me, templateId), 'COUPON_LIMIT')).toEqual({ limit: 2 })
  })
})
