import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runMigrations } from 'graphile-worker'
import pg from 'pg'

/** The advisory lock `prisma migrate` takes, so that the two never work at once. */
const LOCK = 72707369
const LOCK_WAIT = '120s'
const OLDEST_SERVER = 15

const BOOK = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

export interface Migration {
  name: string
  sql: string
  /** sha256 of the file's bytes, as Prisma keeps it. */
  checksum: string
}

export const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url))

/** The committed migrations, oldest first. */
export function readMigrations(folder = MIGRATIONS): Migration[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const names = entries.map((entry) => entry.name).sort()
  return names.map((name) => {
    const bytes = readFileSync(join(folder, name, 'migration.sql'))
    return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') }
  })
}

/**
 * Applies the migrations the database lacks, as `prisma migrate deploy` would (same table, lock and checksums), but each
 * in one transaction with its entry: a migration that fails leaves nothing behind. Several at once apply each once.
 * The job queue's own schema follows, by the library's own migrations. Returns the names applied. Throws when the server is too old, or a migration failed or was edited after it was applied.
 */
export async function migrate(url: string, folder = MIGRATIONS): Promise<string[]> {
  const migrations = readMigrations(folder)
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 15_000 })
  await client.connect()
  try {
    await requireServer(client)
    await client.query(`SET lock_timeout = '${LOCK_WAIT}'`)
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    await client.query('RESET lock_timeout')
    await client.query(BOOK)
    const done = await appliedChecksums(client)
    const missing = migrations.filter((migration) => !isApplied(migration, done))
    for (const migration of missing) await apply(client, migration)
    await installQueue(url)
    return missing.map((migration) => migration.name)
  } finally {
    await client.end()
  }
}

/** Nothing to do when the queue is as this version of the library wants it; one at a time, under the caller's lock. */
async function installQueue(connectionString: string): Promise<void> {
  const pgPool = new pg.Pool({ connectionString, max: 1, connectionTimeoutMillis: 15_000 })
  pgPool.on('error', () => {})
  pgPool.on('connect', (client) => void client.on('error', () => {}))
  try {
    await runMigrations({ pgPool, schema: 'graphile_worker' })
  } finally {
    await pgPool.end()
  }
}

async function requireServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version")
  const major = Math.floor(Number(rows[0]?.version) / 10_000)
  if (major < OLDEST_SERVER) throw new Error(`this needs PostgreSQL ${OLDEST_SERVER} or newer, the server is ${major}`)
}

async function appliedChecksums(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string; finished: boolean; logs: string | null }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished, logs
     FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  )
  const failed = rows.find((row) => !row.finished)
  if (failed) {
    throw new Error(
      `migration ${failed.name} failed half-way earlier; repair it and run "prisma migrate resolve". ${failed.logs ?? ''}`,
    )
  }
  return new Map(rows.map((row) => [row.name, row.checksum]))
}

function isApplied(migration: Migration, done: Map<string, string>): boolean {
  const checksum = done.get(migration.name)
  if (checksum === undefined || checksum === migration.checksum) return checksum !== undefined
  throw new Error(
    `migration ${migration.name} was edited after this database applied it: restore the file and write a new migration`,
  )
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const startedAt = new Date()
  await client.query('BEGIN')
  try {
    await client.query(sql)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
      [randomUUID(), checksum, name, startedAt],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw new Error(`migration ${name} failed${place(sql, error)} and was rolled back: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function place(sql: string, error: unknown): string {
  const position = Number((error as pg.DatabaseError).position)
  return position > 0 ? ` at line ${sql.slice(0, position).split('\n').length}` : ''
}
