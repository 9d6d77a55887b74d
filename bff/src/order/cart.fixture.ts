import fc from 'fast-check'
import { seedProduct } from '../../../prisma/seed/product'
import { newTemplate } from '../coupon/coupon.fixture'
import { award } from '../member/member.fixture'
import { newRightOf } from '../right/right.fixture'
import { type Guest, openCounter } from './counter.fixture'

export interface RichGuest extends Guest {
  couponIds: string[]
}

export type CartRoom = Awaited<ReturnType<typeof openCartRoom>>

/** A counter with the menu of the demo brand and a price rule of every kind, one of them scarce. */
export async function openCartRoom(url: string) {
  const till = await openCounter(url)
  const { one } = till
  await seedProduct(one.as())
  await newRightOf(
    one,
    'member_price',
    { prices: { osmanthus_milk: 1_900, lemon_black: 1_500 }, maxPieces: 6 },
    { tierFrom: 1 },
  )
  const drinks = { categories: ['tea', 'milk', 'fruit'] }
  const pieces = { by: 'pieces', steps: [{ from: 3, payPercent: 90 }], scope: drinks, group: 'pieces' } as const
  await newRightOf(one, 'volume_discount', pieces, { tierFrom: 1 })
  // scarce: twice a day
  const leaf = { payPercent: 60, scope: { categories: ['leaf'] } }
  const twice = await newRightOf(one, 'tier_discount', leaf, { tierFrom: 1, quota: 2, period: 'day' })
  await newRightOf(one, 'repurchase_discount', { payPercent: 90, withinDays: 30, scope: drinks }, { tierFrom: 1 })
  const templates = [
    await newTemplate(one, { stackingGroup: 'order', amountOffFen: 500, thresholdFen: 2_000 }),
    await newTemplate(one, { stackingGroup: 'drinks', amountOffFen: 300, thresholdFen: 0, scope: drinks }),
  ]

  /** A guest with points of two ends and two coupons that go together. */
  async function rich(): Promise<RichGuest> {
    const guest = await till.visited()
    await award(till.one, guest.memberId, { points: 250, expiresInDays: 3 })
    await award(till.one, guest.memberId, { points: 900, expiresInDays: 90 })
    const couponIds = []
    for (const templateId of templates) couponIds.push(await till.granted(guest.memberId, templateId))
    return { ...guest, couponIds }
  }

  /** Everything of a member that a sale moves: points by lot, growth, tier, coupons, uses of rights. */
  async function standingOf(memberId: string) {
    const { db } = till.one.as()
    const [account, standing, lots, coupons, uses] = await Promise.all([
      db.account.findUniqueOrThrow({ where: { memberId } }),
      db.standing.findUniqueOrThrow({ where: { memberId }, select: { tier: true } }),
      db.lot.groupBy({
        by: ['originLotId', 'expiresAt'],
        where: { memberId, remaining: { gt: 0 } },
        _sum: { remaining: true },
        orderBy: { originLotId: 'asc' },
      }),
      db.coupon.findMany({
        where: { memberId, NOT: { state: 'voided' } },
        select: { couponId: true, state: true },
        orderBy: { couponId: 'asc' },
      }),
      db.rightUse.findMany({ where: { memberId, used: { gt: 0 } }, orderBy: { rightId: 'asc' } }),
    ])
    return { account, standing, lots, coupons, uses }
  }

  return { till, twice, templates, rich, standingOf }
}

const SKUS = ['osmanthus_milk', 'lemon_black', 'longjing_hot', 'osmanthus_cake', 'cold_bags', 'black_pouch']
/** A cart, what is to pay for it, and what comes back of it. */
export const anyCart = fc.record({
  lines: fc.uniqueArray(fc.record({ sku: fc.constantFrom(...SKUS), qty: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 4,
    selector: ({ sku }) => sku,
  }),
  typed: fc.option(fc.integer({ min: 1, max: 9_000 }), { nil: undefined }),
  coupons: fc.constantFrom('best' as const, 'none' as const),
  points: fc.constantFrom(0, 100, 300, 'most' as const),
  // of what is left: a share of the amount, or a piece of a line
  returns: fc.array(
    fc.oneof(fc.record({ percent: fc.integer({ min: 1, max: 100 }) }), fc.record({ line: fc.nat(4) })),
    {
      maxLength: 5,
    },
  ),
})
