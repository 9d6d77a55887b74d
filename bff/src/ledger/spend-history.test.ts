import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { testDatabase } from '../../../test/support/database'
import { NOON } from '../../../test/support/people'

const database = testDatabase()
const YOUNG = '00000000-0000-7000-8000-000000000001'
const OLD = '00000000-0000-7000-8000-000000000002'
const OTHER = '00000000-0000-7000-8000-000000000003'
const IN_A_YEAR = new Date(NOON.getTime() + 365 * 86_400_000)
/** Each was earned and spent: one lot, one use of it, two effects, two transfers. */
const OLD_LOTS = 50_000

const connected = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: database.url, options: '-c timezone=UTC' })
  await client.connect()
  return work(client).finally(() => client.end())
}

/**
 * 5,000 members with four live lots each; one of them has long spent 50,000 others, with 100,000 lines in the statement. In the small, tables are read
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
), had AS (
  INSERT INTO effect (kind, source_id, part, member_id, at)
    SELECT 'test', lot_id::text, part, '${OLD}', $1 FROM spent, (VALUES ('award'), ('spend')) two (part)
)
INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
  SELECT '${OLD}', gen_random_uuid(), 'points', side.source, side.target, 10, side.reason, '{}', lot_id, $1
  FROM spent, (VALUES ('programme:issued', 'member:available', 'purchase'), ('member:available', 'programme:spent', 'exchange'))
    side (source, target, reason)`

interface Work {
  /** Rows that were looked at, by table. */
  looks: Record<string, number>
  /** Pages of the database that were asked for. */
  pages: number
}

const looksOf = async (client: pg.Client): Promise<Record<string, number>> => {
  const { rows } = await client.query(`SELECT relname, (seq_tup_read + idx_tup_fetch)::int AS looks
    FROM pg_stat_xact_user_tables WHERE relname IN ('lot', 'lot_use', 'transfer', 'effect', 'account', 'member') ORDER BY relname`)
  return Object.fromEntries(rows.map(({ relname, looks }) => [relname, looks]))
}

/** The work of one call, on a connection that has its plans already. */
const workOf = (fn: string, memberId: string, sourceId: string): Promise<Work> =>
  connected(async (client) => {
    const call = (who: string, source: string) =>
      JSON.stringify({
        ...{
          memberId: who,
          at: NOON,
          kind: 'test',
          sourceId: source,
          points: 150,
          growth: 0,
          reason: 'exchange',
          detail: {},
        },
        ...{ activeAt: NOON, expiresAt: IN_A_YEAR, graceUntil: IN_A_YEAR },
      })
    // plans are made anew five times, then kept
    for (let n = 0; n < 7; n++) {
      await client.query('BEGIN')
      await client.query(`SELECT ${fn}($1)`, [call(OTHER, randomUUID())])
      await client.query('ROLLBACK')
    }
    await client.query('BEGIN')
    const before = await looksOf(client)
    const { rows: plan } = await client.query(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT ${fn}('${call(memberId, sourceId)}')`,
    )
    const after = await looksOf(client)
    await client.query('COMMIT')
    const { 'Shared Hit Blocks': hit, 'Shared Read Blocks': read } = plan[0]['QUERY PLAN'][0].Plan
    const looks = Object.entries(after).map(([table, count]) => [table, count - (before[table] ?? 0)])
    return { looks: Object.fromEntries(looks), pages: hit + read }
  })

test('I-L6: spend, return and award look at the same few rows and pages after 100,000 lines as after none', async () => {
  await connected(async (client) => {
    for (const text of [...BOOKS.split(';\n').filter((part) => part.trim()), HISTORY])
      await client.query(text, text.includes('$1') ? [NOON] : [])
    await client.query('VACUUM ANALYZE')
    const { rows } = await client.query('SELECT count(*)::int AS lines FROM transfer WHERE member_id = $1', [OLD])
    expect(rows).toEqual([{ lines: 2 * OLD_LOTS }])
  })
  const [young, old] = [randomUUID(), randomUUID()]
  for (const fn of ['ledger_spend', 'ledger_return_spend', 'ledger_award']) {
    const small = await workOf(fn, YOUNG, young)
    const large = await workOf(fn, OLD, old)
    expect(large.looks).toEqual(small.looks)
    expect(large.looks.transfer).toBe(0)
    expect(large.looks.lot).toBeLessThanOrEqual(16)
    // a row may open a page of its own
    expect(large.pages).toBeLessThanOrEqual(1.1 * small.pages + 8)
  }
})
