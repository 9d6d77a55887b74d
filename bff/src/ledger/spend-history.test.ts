import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { testDatabase } from '../../../test/support/database'
import { NOON } from '../../../test/support/people'

const database = testDatabase()
const YOUNG = '00000000-0000-7000-8000-000000000001'
const OLD = '00000000-0000-7000-8000-000000000002'
const OLD_LOTS = 3_000

const connected = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: database.url, options: '-c timezone=UTC' })
  await client.connect()
  return work(client).finally(() => client.end())
}

/**
 * 5,000 members with four live lots each; one of them has long spent 3,000 others. In the small, tables are read
 * whole. `WHERE n > 0` makes an id for each row instead of one for all.
 */
const BOOKS = `
INSERT INTO member (member_id, member_no, joined_at, last_active_at, join_channel)
  SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '8' || lpad(n::text, 15, '0'), $1, $1, 'test'
  FROM generate_series(1, 5000) n;
INSERT INTO account (member_id, available_points) SELECT member_id, 400 FROM member;
INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
  SELECT member_id, id, id, 'active', 100, 100, $1, $1::timestamptz + make_interval(days => n), 'test', id::text
  FROM member, generate_series(1, 4) n, LATERAL (SELECT gen_random_uuid() WHERE n > 0) made (id);
`
const HISTORY = `
WITH spent AS (
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    SELECT '${OLD}', id, id, 'active', 10, 0, $1, $1::timestamptz + interval '1 hour', 'test', id::text
    FROM generate_series(1, ${OLD_LOTS}) n, LATERAL (SELECT gen_random_uuid() WHERE n > 0) made (id) RETURNING lot_id
), used AS (
  INSERT INTO lot_use (member_id, effect_kind, effect_source, lot_id, origin_lot_id, points, active_at, expires_at)
    SELECT '${OLD}', 'test', lot_id, lot_id, lot_id, 10, $1, $1::timestamptz + interval '1 hour' FROM spent
)
INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
  SELECT '${OLD}', gen_random_uuid(), 'points', side.source, side.target, 10, side.reason, '{}', lot_id, $1
  FROM spent, (VALUES ('programme:issued', 'member:available', 'purchase'), ('member:available', 'programme:spent', 'exchange'))
    side (source, target, reason)`

/** Rows that one spend looked at, by table. */
const looksOf = (memberId: string): Promise<Record<string, number>> =>
  connected(async (client) => {
    const call = {
      memberId,
      at: NOON,
      kind: 'test',
      sourceId: randomUUID(),
      points: 150,
      reason: 'exchange',
      detail: {},
    }
    await client.query('BEGIN')
    await client.query('SELECT ledger_spend($1)', [JSON.stringify(call)])
    const { rows } = await client.query(`SELECT relname, (seq_tup_read + idx_tup_fetch)::int AS looks
      FROM pg_stat_xact_user_tables WHERE relname IN ('lot', 'lot_use', 'transfer', 'effect', 'account', 'member') ORDER BY relname`)
    await client.query('COMMIT')
    return Object.fromEntries(rows.map(({ relname, looks }) => [relname, looks]))
  })

test('I-L6: a spend looks at the same few rows after thousands of purchases and spends as after none', async () => {
  await connected(async (client) => {
    for (const text of [...BOOKS.split(';\n').filter((part) => part.trim()), HISTORY])
      await client.query(text, text.includes('$1') ? [NOON] : [])
    await client.query('VACUUM ANALYZE')
  })
  const young = await looksOf(YOUNG)
  expect(await looksOf(OLD)).toEqual(young)
  expect(young).toMatchObject({ transfer: 0, lot_use: 0 })
  expect(young.lot).toBeLessThanOrEqual(16)
})
