import { randomUUID } from 'node:crypto'
import { seedProduct } from '../../../prisma/seed/product'
import { testDatabase } from '../../../test/support/database'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { claimCoupon } from './claim-coupon'
import { newCoupon, newTemplate } from './coupon.fixture'
import { listCoupons } from './list-coupons'

const DAY = 86_400_000
const MINUTE = 60_000
const database = testDatabase()
let one: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

const titles = (list: { title: string }[]) => list.map(({ title }) => title)

describe('the coupon page', () => {
  test('of who has nothing says so', async () => {
    const { ctx } = await newMember(one)
    expect(await listCoupons(ctx)).toMatchObject({ usable: [], used: [], over: [] })
  })

  test('puts what ends first at the top, and what was used or is over apart', async () => {
    const { memberId, ctx } = await newMember(one)
    const has = async (title: string, validDays: number, kind = 'gift') =>
      newCoupon(one, memberId, { templateId: await newTemplate(one, { title, validDays, claimable: false }), kind })
    await has('后到期', 20, 'redemption')
    await has('先到期', 5, 'order')
    await has('过期', 0)
    const [used, held, holdId] = [await has('用了', 30), await has('在用', 30, 'obligation'), randomUUID()]
    one.clock.pass(DAY)
    const at = one.clock.at
    const heldUntil = new Date(at.getTime() + 10 * MINUTE)
    await one.house.sql('coupon_hold', { memberId, couponId: used, holdId, at, heldUntil })
    await one.house.sql('coupon_use', { memberId, holdId, orderId: randomUUID(), at })
    await one.house.sql('coupon_hold', { memberId, couponId: held, holdId: randomUUID(), at, heldUntil })
    const page = await listCoupons(ctx)
    expect(page.usable).toMatchObject([
      { title: '先到期', state: 'usable', from: 'order' },
      { title: '后到期', state: 'usable', from: 'mall' },
      { title: '在用', state: 'held', from: 'obligation' },
    ])
    expect(page.used).toMatchObject([{ title: '用了', state: 'used', usedAt: at.toISOString(), from: 'gift' }])
    expect(page.over).toMatchObject([{ title: '过期', state: 'expired', usedAt: null }])
    one.clock.pass(40 * DAY)
    expect(titles((await listCoupons(ctx)).over)).toEqual(['在用', '后到期', '先到期', '过期'])
  })

  test('never shows more than fifty of a kind, nor anybody else’s', async () => {
    const { memberId, ctx } = await newMember(one)
    const templateId = await newTemplate(one, { claimable: false })
    for (let n = 0; n < 60; n++) await newCoupon(one, memberId, { templateId })
    expect((await listCoupons(ctx)).usable).toHaveLength(50)
    const { ctx: stranger } = await newMember(one)
    expect((await listCoupons(stranger)).usable).toEqual([])
  })
})

describe('what lies open', () => {
  const lying = async (ctx: Parameters<typeof listCoupons>[0], templateId: string) =>
    (await listCoupons(ctx)).claimable.find((one) => one.templateId === templateId)

  test('shows how many are left and, once taken, that this was one’s own', async () => {
    const { ctx } = await newMember(one)
    const templateId = await newTemplate(one, { totalLimit: 2, perPersonLimit: 1 })
    expect(await lying(ctx, templateId)).toMatchObject({ left: 2, validDays: 30, refusal: null })
    await claimCoupon(ctx, { requestId: randomUUID(), templateId })
    expect(await lying(ctx, templateId)).toMatchObject({
      left: 1,
      refusal: { code: 'COUPON_LIMIT', detail: { limit: 1 } },
    })
    const { ctx: next } = await newMember(one)
    await claimCoupon(next, { requestId: randomUUID(), templateId })
    const { ctx: late } = await newMember(one)
    expect(await lying(late, templateId)).toMatchObject({ left: 0, refusal: { code: 'COUPON_GONE' } })
  })

  test('says what it is for in the words of the menu, which others it goes with, and how far the budget reaches', async () => {
    await seedProduct(one.as())
    const scope = { categories: ['milk', 'tea', 'nothing'], exceptSkus: ['dahongpao_hot'] }
    const templateId = await newTemplate(one, { scope, stackingGroup: 'item', budgetFen: 2_000, faceFen: 800 })
    const { ctx } = await newMember(one)
    const terms = {
      scope,
      stackingGroup: 'item',
      scopeNames: { categories: ['原叶茶', '鲜奶茶'], products: [], except: ['武夷大红袍'] },
    }
    expect(await lying(ctx, templateId)).toMatchObject({ ...terms, left: 2, refusal: null })
    for (let n = 0; n < 2; n++) await claimCoupon(ctx, { requestId: randomUUID(), templateId })
    const { claimable, usable } = await listCoupons(ctx)
    expect(usable[0]).toMatchObject(terms)
    const gone = { left: 0, refusal: { code: 'COUPON_GONE' } }
    expect(claimable.find((one) => one.templateId === templateId)).toMatchObject(gone)
  })

  test('tells when it opens, and is silent about what is over or not for taking', async () => {
    const { ctx } = await newMember(one)
    const at = (days: number) => new Date(one.clock.at.getTime() + days * DAY)
    const [soon, past, ended, given] = [
      await newTemplate(one, { startsAt: at(1) }),
      await newTemplate(one, { endsAt: at(-1) }),
      await newTemplate(one, { validDays: null, validUntil: at(-1) }),
      await newTemplate(one, { claimable: false }),
    ]
    expect(await lying(ctx, soon)).toMatchObject({ left: null, refusal: { code: 'COUPON_NOT_OPEN' } })
    for (const templateId of [past, ended, given]) expect(await lying(ctx, templateId)).toBeUndefined()
  })
})
