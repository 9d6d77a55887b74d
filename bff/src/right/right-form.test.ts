import { DEMO_PRODUCTS } from '../../../prisma/seed/product'
import { DEMO_RIGHTS } from '../../../prisma/seed/right'
import { testDatabase } from '../../../test/support/database'
import { testHouse } from '../../../test/support/people'
import { loadRights } from './load-rights'
import { type RightForm, rightRows } from './right-form'

const database = testDatabase()
const right = (kind: RightForm['kind'], payload: unknown, more: Partial<RightForm> = {}): RightForm => ({
  ...{ rightId: 'odd', kind, payload, title: '权益', words: '一项权益', tierFrom: 1, startsAt: new Date(0) },
  ...more,
})
const step = { from: 3, payPercent: 90 }
const volume = { by: 'pieces', steps: [step], group: 'g' }

/** What a price could stumble over, by kind; the second list has what the database itself refuses, whoever writes. */
const ODD: RightForm[] = [
  right('member_price', { prices: {} }),
  right('member_price', { prices: { tea: 18.5 } }),
  right('member_price', { prices: { tea: 0 } }),
  right('tier_discount', { payPercent: 90, scope: { skus: [] } }),
  right('tier_discount', { payPercent: 90, scoop: null }),
  right('volume_discount', { ...volume, steps: [step, { from: 3, payPercent: 80 }] }),
  right('volume_discount', { ...volume, steps: [{ from: 3 }] }),
  right('volume_discount', { ...volume, steps: [{ from: 3, payPercent: 90, offFen: 100 }] }),
  right('points_multiplier', { percent: 150, weekdays: [0] }),
  right('service_manager', { name: '沈', wechatId: '沈先生', phone: '0571-87001066', hours: '白天', words: '找我' }),
  right('free_service', { words: '加一份料' }, { quota: 2 }),
]
const REFUSED_BY_ALL: RightForm[] = [
  right('member_price', {}),
  right('tier_discount', { payPercent: 0 }),
  right('tier_discount', {}),
  right('volume_discount', { ...volume, by: 'weight' }),
  right('volume_discount', { ...volume, steps: [] }),
  right('repurchase_discount', { payPercent: 95 }),
  right('points_multiplier', { percent: 5_000 }),
  right('points_multiplier', { percent: 150 }, { quota: 1, period: 'day' }),
  right('early_access', { hours: 0 }),
  right('limited_edition', {}),
  right('birthday_gift', {}),
  right('service_manager', { name: '沈' }),
  right('free_service', {}),
]

test('an odd right is refused whole before it is written, and by the database when it is written by hand', async () => {
  const house = testHouse(database.url)
  const { db } = house.as()
  for (const odd of [...ODD, ...REFUSED_BY_ALL])
    await expect(
      loadRights(house.as(), [right('early_access', { hours: 1 }, { rightId: 'good' }), odd]),
    ).rejects.toThrow()
  expect(await db.right.count()).toBe(0)
  for (const odd of REFUSED_BY_ALL) await expect(db.right.create({ data: odd as never })).rejects.toThrow(/constraint/)
  await house.close()
})

test('every right of the demo brand is whole, one of each kind at least, of articles that there are', () => {
  const rows = rightRows(DEMO_RIGHTS)
  expect(new Set(rows.map(({ kind }) => kind)).size).toBe(11)
  const skus = new Map(DEMO_PRODUCTS.map((product) => [product.sku, product]))
  for (const { payload } of rows)
    for (const [sku, fen] of Object.entries((payload as { prices?: Record<string, number> }).prices ?? {}))
      expect(fen).toBeLessThan(skus.get(sku)?.priceFen ?? 0)
})
