import fc from 'fast-check'
import { standingOf } from '../../../miniapp/src/pages/product/facts'
import { linesOf, previewOf } from '../../../miniapp/src/pages/product/preview'
import { seedProduct } from '../../../prisma/seed/product'
import { seedRight } from '../../../prisma/seed/right'
import { testDatabase } from '../../../test/support/database'
import { listProducts } from '../product'
import { type Counter, type Guest, openCounter } from './counter.fixture'
import { previewOrder } from './quote-order'
import { showFacts } from './show-facts'

const COUPONS = ['new_8', 'packet_5', 'tea_3', 'autumn_88', 'winter_5', 'mall_8']
const CARTS = 200

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
  await seedProduct(till.one.as())
  await seedRight(till.one.as())
})
afterAll(() => till.close())

/** Somebody of a tier with points, some coupons, and what they bought last. */
async function newCustomer(tier: number, coupons: string[], available: number): Promise<Guest> {
  const guest = await till.visited()
  const { memberId, visit } = guest
  const held = await till.hold(visit, null, { lines: [{ sku: 'longjing_milk', qty: 1 }] })
  await till.settle(visit, held.holdId)
  const { db } = till.one.as()
  await db.standing.update({ where: { memberId }, data: { tier } })
  await db.account.update({ where: { memberId }, data: { availablePoints: available } })
  for (const templateId of coupons) await till.granted(memberId, templateId)
  return guest
}

test(`the phone's price is the server's, to the fen and the word, for ${CARTS} random carts of three members`, async () => {
  const customers = [
    await newCustomer(1, [], 90),
    await newCustomer(2, COUPONS, 1_250),
    await newCustomer(5, COUPONS.slice(0, 3), 40_000),
  ]
  const told = await Promise.all(
    customers.map(async ({ ctx }) => {
      const [facts, { products }] = [await showFacts(ctx), await listProducts(ctx)]
      return { ctx, facts, standing: standingOf(facts), menu: new Map(products.map((one) => [one.sku, one])), products }
    }),
  )
  const cart = fc.uniqueArray(fc.record({ nth: fc.nat(1_000), qty: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 6,
    selector: ({ nth }) => nth % 17,
  })
  const wishes = { picked: fc.array(fc.nat(20), { maxLength: 3 }), kind: fc.constantFrom('best', 'none', 'picked') }
  await fc.assert(
    fc.asyncProperty(fc.nat(2), cart, fc.record(wishes), fc.boolean(), async (who, picks, wish, points) => {
      const { ctx, facts, standing, menu, products } = told[who] as (typeof told)[number]
      const sold = products.filter(({ state }) => state !== 'soon')
      const items = picks.map(({ nth, qty }) => ({ sku: sold[(nth % 17) % sold.length]?.sku as string, qty }))
      const own = facts.coupons.map(({ couponId }) => couponId)
      const picked = own.length > 0 ? [...new Set(wish.picked.map((nth) => own[nth % own.length] as string))] : []
      const coupons = wish.kind === 'picked' ? picked : (wish.kind as 'best' | 'none')
      const { price, earns } = previewOf(standing, linesOf(items, menu), { coupons, points }, new Date(facts.now))
      // where points cannot pay, the phone asks for the reason
      const most = points || price.points.mostPoints === 0
      const quote = await previewOrder(ctx, { lines: items, coupons, points: most ? 'most' : 0 })
      expect(price).toMatchObject({
        fullFen: quote.fullFen,
        payableFen: quote.payableFen,
        couponIds: quote.couponIds,
        receipt: quote.receipt,
        points: quote.pointsPay,
        exact: quote.exact,
      })
      expect(price.lines).toMatchObject(quote.lines)
      expect(earns).toBe(quote.points)
    }),
    { numRuns: CARTS },
  )
})
