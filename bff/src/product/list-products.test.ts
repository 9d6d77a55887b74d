import { isArticleBarcode } from '@huiyuan/shared/product'
import { DEMO_PRODUCTS, seedProduct } from '../../../prisma/seed/product'
import { testDatabase } from '../../../test/support/database'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { newRight } from '../right/right.fixture'
import { listProducts, showMenu } from './list-products'

const HOUR = 3_600_000
const database = testDatabase()
let one: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  await seedProduct(one.as())
  await seedProduct(one.as())
})
afterAll(() => one.close())

const linesFor = (memberId: string, skus: string[]) =>
  one.house.sql<{ lines: { sku: string }[]; earlyRights: string[]; fault: unknown }>('product_lines', {
    memberId,
    at: one.clock.at,
    lines: skus.map((sku) => ({ sku, qty: 2 })),
  })

test('the menu of the demo brand: every article in a group, packs with a barcode that a scanner accepts', async () => {
  const menu = await showMenu(one.as())
  expect(menu.products).toHaveLength(DEMO_PRODUCTS.length)
  const groups = menu.categories.map(({ categoryId }) => categoryId)
  expect(new Set(menu.products.map(({ category }) => category))).toEqual(new Set(groups))
  const barcodes = menu.products.flatMap(({ barcode }) => barcode ?? [])
  expect(barcodes).toHaveLength(7)
  for (const barcode of barcodes) expect(isArticleBarcode(barcode)).toBe(true)
  expect(menu.products.filter(({ state }) => state === 'soon').map(({ sku }) => sku)).toEqual([
    'chestnut_milk',
    'loquat_cold',
  ])
})

test('who comes early sees and buys before the public; the list and the cart say the same at every hour', async () => {
  const me = await newMember(one)
  const limited = await newRight(one, { tierFrom: 1, quota: 1, period: 'month', hours: 20 })
  const sku = 'chestnut_milk'
  const publicAt = one.clock.at.getTime() + 24 * HOUR
  await one.as().db.product.update({ where: { sku }, data: { publicAt: new Date(publicAt) } })
  const seen = async () => (await listProducts(me.ctx)).products.find((one) => one.sku === sku)
  const opensAt = new Date(publicAt - 20 * HOUR).toISOString()
  const notOpen = { lines: [], fault: { code: 'PRODUCT_NOT_OPEN', detail: { sku, opensAt } } }
  expect(await seen()).toMatchObject({ state: 'soon', earlyOpensAt: opensAt })
  expect(await linesFor(me.memberId, ['black_milk', sku])).toMatchObject(notOpen)
  one.clock.pass(4 * HOUR)
  expect(await seen()).toMatchObject({ state: 'early' })
  expect(await linesFor(me.memberId, ['black_milk', sku])).toMatchObject({
    lines: [{ sku: 'black_milk', unitFen: 1_900, qty: 2, category: 'milk' }, { sku }],
    earlyRights: [limited],
    fault: null,
  })
  // a right without limit is not used up, so it comes first
  const open = await newRight(one, { tierFrom: 1, hours: 24 })
  expect(await linesFor(me.memberId, [sku])).toMatchObject({ earlyRights: [], fault: null })
  await one.as().db.right.delete({ where: { rightId: open } })
  await one.as().db.rightUse.create({
    data: { memberId: me.memberId, rightId: limited, periodKey: '2026-11', used: 1 },
  })
  expect(await linesFor(me.memberId, [sku])).toMatchObject({
    fault: { code: 'PRODUCT_NOT_OPEN', detail: { opensAt: new Date(publicAt).toISOString() } },
  })
  one.clock.pass(20 * HOUR)
  expect(await seen()).toMatchObject({ state: 'on' })
  expect(await linesFor(me.memberId, [sku])).toMatchObject({ lines: [{ sku }], earlyRights: [], fault: null })
})

test('what is not on the menu, and what no longer is', async () => {
  const me = await newMember(one)
  const fault = (code: string, sku: string) => ({ lines: [], fault: { code, detail: { sku } } })
  expect(await linesFor(me.memberId, ['black_milk', 'nothing'])).toMatchObject(fault('PRODUCT_UNKNOWN', 'nothing'))
  await one.as().db.product.update({ where: { sku: 'roast_milk' }, data: { endsAt: one.clock.at } })
  expect(await linesFor(me.memberId, ['roast_milk'])).toMatchObject(fault('PRODUCT_OVER', 'roast_milk'))
  expect((await listProducts(me.ctx)).products.map(({ sku }) => sku)).not.toContain('roast_milk')
})
