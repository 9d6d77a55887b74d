import pg from 'pg'

/** The same server and role, another database. */
export function withDatabase(url: string, database: string): string {
  const other = new URL(url)
  other.pathname = `/${encodeURIComponent(database)}`
  return other.href
}

/** The name of the database a connection string leads to. */
export function databaseName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1))
}

/** Makes a database on the server of `url`, empty or as a copy of `template` (which nobody may be connected to). */
export async function createDatabase(url: string, database: string, template?: string): Promise<void> {
  const from = template ? ` TEMPLATE ${pg.escapeIdentifier(template)}` : ''
  await runOnce(url, `CREATE DATABASE ${pg.escapeIdentifier(database)}${from}`)
}

/** Drops a database of the server of `url` and ends its connections; no fault when there is none. */
export async function dropDatabase(url: string, database: string): Promise<void> {
  await runOnce(url, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database)} WITH (FORCE)`)
}

/** The databases of the server of `url` whose names begin with `prefix`. */
export async function listDatabases(url: string, prefix = ''): Promise<string[]> {
  const { rows } = await runOnce(url, 'SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [prefix])
  return rows.map((row: { datname: string }) => row.datname)
}

/** Runs one statement on a connection of its own. */
export async function runOnce(url: string, sql: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 15_000 })
  await client.connect()
  try {
    return await client.query(sql, values)
  } finally {
    await client.end()
  }
}
