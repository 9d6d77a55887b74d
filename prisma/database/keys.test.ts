import { testDatabase } from '../../test/support/database'
import { runOnce } from './databases'

const database = testDatabase()

/** Found by what is looked up; the member is a value in it. */
const DIRECTORIES = [
  ...[
    'device_handle',
    'effect',
    'identity',
    'member_no',
    'pickup_code',
    'referral_link',
    'reward_code',
    'reward_piece',
  ],
]
/** The brand's own: small, read everywhere, written seldom. */
const OF_THE_BRAND = [
  ...[
    'article',
    'coupon_template',
    'gift',
    'honour',
    'member_right',
    'obligation',
    'product',
    'product_category',
    'referral_campaign',
    'reward',
    'right_reserve',
    'store',
    'tablet',
    'till',
    'till_key',
    'webhook',
  ],
]
/** Written by many, owned by no member: keyed by what shares the work out. */
const OF_THE_HOUSE = [
  ...[
    '_prisma_migrations',
    'adjustment_day',
    'audit_entry',
    'audit_head',
    'campaign_revision',
    'house_key',
    'import_key',
    'import_run',
    'offline_order',
    'request',
    'reward_stock',
  ],
  ...['sms_code', 'till_nonce', 'webhook_delivery'],
  ...['wechat_notice', 'wechat_token'],
]
/** A second line behind device_handle.last_step, which decides alone; a distributed database goes without it. */
const SECOND_LINES = ['visit_code_once']

interface Key {
  table: string
  name: string
  columns: string[]
  primary: boolean
}

async function uniqueKeys(): Promise<Key[]> {
  const { rows } = await runOnce(
    database.url,
    `SELECT c.relname AS "table", i.relname AS name, x.indisprimary AS "primary",
        (SELECT json_agg(a.attname ORDER BY k.nth) FROM unnest(x.indkey) WITH ORDINALITY k (att, nth)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.att) AS columns
      FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
      WHERE c.relnamespace = 'public'::regnamespace AND x.indisunique`,
  )
  return rows as Key[]
}

const shared = new Set([...DIRECTORIES, ...OF_THE_BRAND, ...OF_THE_HOUSE])

test('what a member owns is keyed by the member first, and unique within the member only', async () => {
  const keys = (await uniqueKeys()).filter(({ table, name }) => !shared.has(table) && !SECOND_LINES.includes(name))
  expect(keys.length).toBeGreaterThan(20)
  for (const { name, columns, primary } of keys)
    expect([name, primary ? columns[0] : columns.includes('member_id') && 'member_id']).toEqual([name, 'member_id'])
})

test('what is found by something else is unique within what it is found by, so it can lie anywhere', async () => {
  const keys = (await uniqueKeys()).filter(({ table }) => shared.has(table))
  const foundBy = new Map(keys.filter(({ primary }) => primary).map(({ table, columns }) => [table, columns[0]]))
  // what the brand keeps lies whole wherever it lies
  const spread = keys.filter(({ table }) => !OF_THE_BRAND.includes(table))
  for (const { table, name, columns } of spread) expect([name, ...columns]).toContain(foundBy.get(table))
  expect([...foundBy.keys()].sort()).toEqual([...shared].sort())
})

test('no table asks another one by a foreign key', async () => {
  const { rows } = await runOnce(database.url, "SELECT conname FROM pg_constraint WHERE contype = 'f'")
  expect(rows).toEqual([])
})
