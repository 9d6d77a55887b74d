import { runOnce } from '@huiyuan/prisma/database/databases'
import { createTestDatabase, testDatabase } from './database'

const database = testDatabase()

test('a test file gets a migrated database of its own', async () => {
  const { rows } = await runOnce(database.url, 'SELECT count(*)::int AS applied FROM _prisma_migrations')
  expect(rows[0].applied).toBeGreaterThan(0)
})

test('what one database holds, another does not', async () => {
  await runOnce(database.url, 'CREATE TABLE only_here ()')
  const other = await createTestDatabase()
  try {
    const { rows } = await runOnce(other.url, "SELECT to_regclass('only_here') AS found")
    expect(rows[0].found).toBeNull()
  } finally {
    await other.drop()
  }
})
