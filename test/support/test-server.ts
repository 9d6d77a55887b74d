import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, dropDatabase, listDatabases, withDatabase } from '@huiyuan/prisma/database/databases'
import { discardPostgres, startPostgres } from '@huiyuan/prisma/database/embedded-postgres'
import { migrate } from '@huiyuan/prisma/database/migrate'
import { processIdentity } from '@huiyuan/prisma/database/process-identity'
import { DATA } from './project'

/** How long a database of a killed run stays on somebody's own server before the next run sweeps it. */
const LEFTOVER_HOURS = 6

export interface TestServer {
  /** A connection string that may create databases. */
  url: string
  /** A migrated database to clone; nobody connects to it. */
  template: string
  close: () => Promise<void>
}

/**
 * The PostgreSQL that tests run on: the one of DATABASE_URL (15 or newer, a role that may create databases), else a
 * private one that is thrown away. Its template database is migrated once; `close` leaves nothing behind.
 */
export async function startTestServer(): Promise<TestServer> {
  const given = process.env.DATABASE_URL
  const server = given ? null : await startThrowAway()
  const url = given ?? (server?.url('postgres') as string)
  const run = `huiyuan_test_${Date.now().toString(36)}_${process.pid}`
  const template = `${run}_template`
  const close = async () => {
    if (server) return discardPostgres(server.folder)
    for (const database of await listDatabases(url, run)) await dropDatabase(url, database)
  }
  try {
    if (given) await sweepLeftovers(url)
    await createDatabase(url, template)
    await migrate(withDatabase(url, template))
    return { url, template, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startThrowAway() {
  for (const name of existsSync(DATA) ? readdirSync(DATA) : []) {
    const pid = Number(/^test-(\d+)$/.exec(name)?.[1])
    if (pid && pid !== process.pid && processIdentity(pid) === null) await discardPostgres(join(DATA, name))
  }
  return startPostgres({
    folder: join(DATA, `test-${process.pid}`),
    durable: false,
    settings: {
      max_connections: 400,
      shared_buffers: '256MB',
      wal_level: 'minimal',
      max_wal_senders: 0,
      max_wal_size: '4GB',
      checkpoint_timeout: '1h',
    },
  })
}

async function sweepLeftovers(url: string): Promise<void> {
  for (const database of await listDatabases(url, 'huiyuan_test_')) {
    const startedAt = Number.parseInt(database.split('_')[2] ?? '', 36)
    if (Date.now() - startedAt > LEFTOVER_HOURS * 3_600_000) await dropDatabase(url, database)
  }
}
