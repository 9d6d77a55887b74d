import { randomUUID } from 'node:crypto'
import { createDatabase, dropDatabase, withDatabase } from '@huiyuan/prisma/database/databases'

export interface TestDatabase {
  /** The connection string; known from the first `beforeAll` on. */
  readonly url: string
}

/**
 * A fresh, migrated database for the tests of this file, dropped after them.
 * Call it at the top of the file; `url` can be read in hooks and tests.
 */
export function testDatabase(): TestDatabase {
  let made: { url: string; drop: () => Promise<void> } | null = null
  beforeAll(async () => {
    made = await createTestDatabase()
  })
  afterAll(async () => {
    await made?.drop()
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
  const { TEST_SERVER_URL: server, TEST_TEMPLATE: template } = process.env
  if (!server || !template) throw new Error('tests on a database run by "pnpm test", e.g. "pnpm test verbs"')
  const database = template.replace(/template$/, randomUUID().slice(0, 8))
  await createDatabase(server, database, template)
  return { url: withDatabase(server, database), drop: () => dropDatabase(server, database) }
}
