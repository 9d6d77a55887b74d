import { randomUUID } from 'node:crypto'
import { createDatabase, dropDatabase, listDatabases, runOnce, withDatabase } from '@huiyuan/prisma/database/databases'
import pg from 'pg'

export interface TestDatabase {
  /** The connection string; known from the first `beforeAll` on. */
  readonly url: string
}

/**
 * A fresh, migrated database for the tests of this file. Call it at the top of the file; `url` can be read in hooks and
 * tests. It needs no closing: the next file of the same worker, or the end of the run, drops it.
 */
export function testDatabase(): TestDatabase {
  let made: { url: string } | null = null
  beforeAll(async () => {
    await dropFormer()
    made = await createTestDatabase()
  })
  return {
    get url() {
      if (!made) throw new Error('the test database is there from beforeAll on, not while the file is read')
      return made.url
    },
  }
}

/** A fresh, migrated database for whoever drops it; for tests that need several, or one of their own in the middle. */
export async function createTestDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const { server, template, prefix } = place()
  const database = `${prefix}${randomUUID().slice(0, 8)}`
  await createDatabase(server, database, template)
  return { url: withDatabase(server, database), drop: () => dropDatabase(server, database) }
}

/**
 * Dropping at the end of a file would race the file's own afterAll that closes its connections. One that is still in use
 * was leaked by its test and stays until the run ends.
 */
async function dropFormer(): Promise<void> {
  const { server, prefix } = place()
  for (const database of await listDatabases(server, prefix)) {
    await runOnce(server, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database)}`).catch(() => {})
  }
}

function place(): { server: string; template: string; prefix: string } {
  const { TEST_SERVER_URL: server, TEST_TEMPLATE: template, JEST_WORKER_ID: worker } = process.env
  if (!server || !template) throw new Error('tests on a database run by "pnpm test", e.g. "pnpm test verbs"')
  return { server, template, prefix: template.replace(/template$/, `w${worker}_`) }
}
