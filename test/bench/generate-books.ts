import type pg from 'pg'
import type { Keys } from '../../bff/src/keys'
import { BOOKS_SQL } from './histories'
import { openPool } from './scratch'

export interface BooksWish {
  members: number
  transfers: number
}

/** Hears how far it is, in members, then transfers, then steps of closing the books. */
export type Progress = (what: string, done: number, total: number) => void

/** Two write side by side: PostgreSQL uses one processor a connection. */
const WRITERS = 2
const CHUNK = 25_000
/** What a purchase leaves behind on average: points and growth, maturing, and most were spent or ended. */
const TRANSFERS_OF_A_PURCHASE = 3.85
const DAYS = 700

/** The largest first. */
const TABLES = ['transfer', 'effect', 'lot_use', 'lot', 'identity', 'member_no', 'member', 'standing']

const PEOPLE = [
  `INSERT INTO member (member_id, member_no, name_sealed, joined_at, last_active_at, join_channel)
     SELECT bench_member(n), '8' || lpad(n::text, 15, '0'), $3, now() - interval '${DAYS} days', now(), 'bench' FROM generate_series($1::int, $2::int) n`,
  `INSERT INTO member_no (member_no, member_id) SELECT '8' || lpad(n::text, 15, '0'), bench_member(n) FROM generate_series($1::int, $2::int) n`,
  `INSERT INTO identity (kind, issuer, subject, member_id, proven_at, first_at)
     SELECT 'phone', '', encode(sha256(n::text::bytea), 'hex'), bench_member(n), now(), now() FROM generate_series($1::int, $2::int) n`,
  `INSERT INTO account (member_id) SELECT bench_member(n) FROM generate_series($1::int, $2::int) n`,
  `INSERT INTO standing (member_id, tier, since, valid_until, review_at)
     SELECT bench_member(n), 1, now(), now() + interval '1 year', now() + interval '335 days' FROM generate_series($1::int, $2::int) n`,
]

/** Few buy often and many now and then; one lot in seven was never spent. Purchases come in the order of time. */
const PURCHASES = `INSERT INTO bench_purchase
  SELECT bench_member(m), uuidv7(at - clock_timestamp()), uuidv7()::text, uuidv7()::text, at, 100 + n * 31 % 400,
      CASE WHEN at > now() - interval '15 days' THEN 'pending' WHEN at > now() - interval '40 days' THEN 'live'
        WHEN n::bigint * 7919 % 100 < 85 THEN 'spent' WHEN at > now() - interval '364 days' THEN 'live' ELSE 'expired' END
    FROM (SELECT n, 1 + floor($4::int * power((hashint4(n)::bigint & 2147483647) / 2147483648.0::float8, 1.5))::int AS m,
        now() - interval '${DAYS} days' * ($3::int - n) / $3::int AS at FROM generate_series($1::int, $2::int) n) purchases`

/** From and to of each chunk, both included. */
function chunksOf(count: number): [number, number][] {
  const chunks: [number, number][] = []
  for (let from = 1; from <= count; from += CHUNK) chunks.push([from, Math.min(count, from + CHUNK - 1)])
  return chunks
}

/** Takes the items one by one, by as many as write side by side; in this order. */
async function share<T>(pool: pg.Pool, items: T[], work: (item: T, client: pg.PoolClient) => Promise<void>) {
  const waiting = [...items]
  const writer = async () => {
    const client = await pool.connect()
    client.on('error', () => {})
    try {
      await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item, client)
    } finally {
      client.release()
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, writer))
}

/**
 * Fills an empty migrated database with members whose ledgers add up, set by set: rows first, then the indexes over them.
 * @returns how many transfers there are
 */
export async function generateBooks(url: string, wish: BooksWish, keys: Keys, tell: Progress): Promise<number> {
  const pool = openPool(url, WRITERS)
  try {
    await pool.query(BOOKS_SQL)
    const indexes = await dropIndexes(pool)
    await writePeople(pool, wish, keys, tell)
    const transfers = await writePurchases(pool, wish, tell)
    await closeBooks(pool, indexes, tell)
    return transfers
  } finally {
    await pool.end()
  }
}

async function writePeople(pool: pg.Pool, { members }: BooksWish, keys: Keys, tell: Progress): Promise<void> {
  const name = keys.seal('林小满')
  let done = 0
  tell('members', done, members)
  await share(pool, chunksOf(members), async ([from, to], client) => {
    for (const [n, sql] of PEOPLE.entries()) await client.query(sql, n === 0 ? [from, to, name] : [from, to])
    done += to - from + 1
    tell('members', done, members)
  })
}

async function writePurchases(pool: pg.Pool, { members, transfers }: BooksWish, tell: Progress): Promise<number> {
  const purchases = Math.round(transfers / TRANSFERS_OF_A_PURCHASE)
  let [written, left] = [0, purchases]
  tell('transfers', written, transfers)
  await share(pool, chunksOf(purchases), async ([from, to], client) => {
    await client.query('SELECT bench_open_books()')
    await client.query(PURCHASES, [from, to, purchases, members])
    const { rows } = await client.query('SELECT bench_write_books() AS written')
    written += Number(rows[0].written)
    left -= to - from + 1
    tell('transfers', written, left === 0 ? written : Math.max(transfers, written + 1))
  })
  return written
}

/** What stands in the accounts, the indexes, and what the planner must know. */
async function closeBooks(pool: pg.Pool, indexes: string[], tell: Progress): Promise<void> {
  const closing = ['SELECT bench_close_books()', ...indexes]
  const vacuums = [...TABLES, 'account'].map((table) => `VACUUM (ANALYZE) ${table}`)
  let done = 0
  tell('indexes and statistics', done, closing.length + vacuums.length)
  for (const statements of [closing, vacuums])
    await share(pool, statements, async (statement, client) => {
      await client.query(statement)
      tell('indexes and statistics', ++done, closing.length + vacuums.length)
    })
}

/** Takes the indexes from the large tables; → the statements that make them anew, the largest first. */
async function dropIndexes(pool: pg.Pool): Promise<string[]> {
  const { rows: keys } = await pool.query(
    `SELECT conrelid::regclass AS table, conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
       WHERE contype IN ('p', 'u') AND conrelid = ANY($1::regclass[])`,
    [TABLES],
  )
  for (const { table, name } of keys) await pool.query(`ALTER TABLE ${table} DROP CONSTRAINT "${name}"`)
  const { rows: others } = await pool.query(
    'SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = ANY($1)',
    [TABLES],
  )
  for (const { name } of others) await pool.query(`DROP INDEX "${name}"`)
  const place = (definition: string) =>
    TABLES.findIndex((table) => definition.includes(` ${table} `) || definition.includes(`.${table} `))
  return [
    ...keys.map(({ table, name, definition }) => `ALTER TABLE ${table} ADD CONSTRAINT "${name}" ${definition}`),
    ...others.map(({ definition }) => definition as string),
  ].sort((a, b) => place(a) - place(b))
}
