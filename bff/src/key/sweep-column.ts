import type pg from 'pg'
import type { Keys } from '../keys'
import type { SealedColumn } from './sealed-columns'

/** What came of a batch: rows looked at, sealed anew, and left because somebody was just writing them. */
export interface Moved {
  seen: number
  moved: number
  left: number
}

const BATCH = 1_000

interface Row {
  /** The primary key as text. */
  id: string[]
  sealed: Buffer
  hash: string | null
}

interface Fresh extends Row {
  anew: Uint8Array
  freshHash: string | null
}

/**
 * Seals one column anew in batches along its primary key, and rewrites the hash beside it. Waits for nobody: a row that
 * somebody holds is left for the next sweep, and one that was written since is not touched.
 * @param whole true: looks at every row, also at those that the current key has sealed
 */
export async function sweepColumn(
  client: pg.Client,
  keys: Keys,
  column: SealedColumn,
  { whole, onBatch }: { whole: boolean; onBatch: (batch: Moved) => void },
): Promise<void> {
  const statements = statementsOf(column, whole)
  let last: string[] | null = null
  for (;;) {
    const rows: Row[] = await readBatch(client, keys, statements, last)
    if (rows.length === 0) return
    last = (rows.at(-1) as Row).id
    const stale = rows.map((row) => freshOf(keys, column, row)).filter((row) => row !== null)
    const moved = stale.length === 0 ? 0 : await writeBatch(client, column, statements.write, stale)
    onBatch({ seen: rows.length, moved, left: stale.length - moved })
  }
}

interface Statements {
  first: string
  next: string
  write: string
}

function statementsOf({ table, column, key, hashed }: SealedColumn, whole: boolean): Statements {
  const names = key.map(([name]) => name).join(', ')
  const texts = key.map(([name]) => `${name}::text`).join(', ')
  const hash = hashed ? `${hashed.column}::text` : 'NULL'
  // the first parameter is there in both, so that both are called alike
  const stale = whole ? '$1::bytea IS NOT NULL' : `substring(${column} FOR 1) <> $1`
  const read = `SELECT ARRAY[${texts}] AS id, ${column} AS sealed, ${hash} AS hash FROM ${table} WHERE ${column} IS NOT NULL AND ${stale}`
  const after = key.map(([, type], n) => `$${n + 2}::${type}`).join(', ')
  const order = `ORDER BY ${names} LIMIT ${BATCH}`
  const is = (row: string, wish: string) =>
    key.map(([name, type], n) => `${row}.${name} = ${wish}.k${n}::${type}`).join(' AND ')
  const columns = key.map((_, n) => `k${n}`).join(', ')
  const arrays = key.map((_, n) => `$${n + 4}::text[]`).join(', ')
  return {
    first: `${read} ${order}`,
    next: `${read} AND (${names}) > (${after}) ${order}`,
    write: `UPDATE ${table} t SET ${column} = w.anew${hashed ? `, ${hashed.column} = w.hash` : ''}
      FROM (SELECT n.* FROM unnest($1::bytea[], $2::bytea[], $3::text[], ${arrays}) AS n (was, anew, hash, ${columns})
        JOIN ${table} held ON ${is('held', 'n')} WHERE held.${column} = n.was FOR UPDATE OF held SKIP LOCKED) w
      WHERE ${is('t', 'w')} AND t.${column} = w.was`,
  }
}

async function readBatch(
  client: pg.Client,
  keys: Keys,
  { first, next }: Statements,
  last: string[] | null,
): Promise<Row[]> {
  const current = Buffer.of(keys.current)
  const { rows } = await (last ? client.query(next, [current, ...last]) : client.query(first, [current]))
  return rows
}

/** The row as it should lie; null when it does. @throws Error naming the table when it cannot be opened */
function freshOf(keys: Keys, { table, hashed }: SealedColumn, row: Row): Fresh | null {
  try {
    const anew = keys.sealAnew(row.sealed)
    const hash = hashed && row.hash !== null ? hashOf(keys, hashed.purpose, row) : row.hash
    return anew === row.sealed && hash === row.hash ? null : { ...row, anew, freshHash: hash }
  } catch {
    throw new Error(`a row of ${table} cannot be opened with any key of MASTER_KEY: ${row.id.join(' ')}`)
  }
}

/** The hash under the current key, of what was hashed under one of the keys; anything else stays. */
function hashOf(keys: Keys, purpose: 'phone' | 'body', { sealed, hash }: Row): string | null {
  const [now = '', ...others] = keys.hashes(purpose, keys.openText(sealed))
  return others.includes(hash as string) ? now : hash
}

async function writeBatch(client: pg.Client, { key }: SealedColumn, write: string, rows: Fresh[]): Promise<number> {
  const ids = key.map((_, n) => rows.map(({ id }) => id[n]))
  const seals = [rows.map(({ sealed }) => sealed), rows.map(({ anew }) => Buffer.from(anew))]
  const { rowCount } = await client.query(write, [...seals, rows.map(({ freshHash }) => freshHash), ...ids])
  return rowCount ?? 0
}
