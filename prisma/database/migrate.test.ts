import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabase } from '../../test/support/database'
import { createDatabase, dropDatabase, runOnce, withDatabase } from './databases'
import { migrate } from './migrate'

const database = testDatabase()
let folder: string
let url: string
let count = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huiyuan-migrations-'))
  count += 1
  const name = `${new URL(database.url).pathname.slice(1)}_m${count}`
  await createDatabase(database.url, name)
  url = withDatabase(database.url, name)
})

afterEach(async () => {
  rmSync(folder, { recursive: true })
  await dropDatabase(database.url, new URL(url).pathname.slice(1))
})

function write(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'migration.sql'), sql)
}

async function value(sql: string): Promise<unknown> {
  return Object.values((await runOnce(url, sql)).rows[0])[0]
}

test('applies what is missing, in order, once', async () => {
  write('2_second', 'INSERT INTO thing VALUES (2)')
  write('1_first', 'CREATE TABLE thing (n int); INSERT INTO thing VALUES (1)')
  expect(await migrate(url, folder)).toEqual(['1_first', '2_second'])
  expect(await migrate(url, folder)).toEqual([])
  write('3_third', 'INSERT INTO thing VALUES (3)')
  expect(await migrate(url, folder)).toEqual(['3_third'])
  expect(await value('SELECT array_agg(n) FROM thing')).toEqual([1, 2, 3])
})

test('five at once apply each migration once', async () => {
  write('1_first', 'CREATE TABLE thing (n int)')
  write('2_second', 'INSERT INTO thing VALUES (2)')
  const applied = await Promise.all([1, 2, 3, 4, 5].map(() => migrate(url, folder)))
  expect(applied.flat().sort()).toEqual(['1_first', '2_second'])
  expect(await value('SELECT count(*)::int FROM thing')).toBe(1)
})

test('a migration that fails leaves nothing behind and says where; repaired, it applies', async () => {
  write('1_first', 'CREATE TABLE thing (n int);\nINSERT INTO thing VALUES (1);\nINSERT INTO nothing VALUES (1);')
  await expect(migrate(url, folder)).rejects.toThrow(/1_first failed at line 3 .*"nothing" does not exist/)
  expect(await value("SELECT to_regclass('thing')")).toBeNull()
  expect(await value('SELECT count(*)::int FROM _prisma_migrations')).toBe(0)
  write('1_first', 'CREATE TABLE thing (n int)')
  expect(await migrate(url, folder)).toEqual(['1_first'])
})

test('a migration edited after it was applied is refused', async () => {
  write('1_first', 'CREATE TABLE thing (n int)')
  await migrate(url, folder)
  write('1_first', 'CREATE TABLE thing (n bigint)')
  await expect(migrate(url, folder)).rejects.toThrow(/1_first was edited/)
})

test('a migration that another tool left half-way is reported, not repeated', async () => {
  write('1_first', 'CREATE TABLE thing (n int)')
  await migrate(url, folder)
  await runOnce(url, "UPDATE _prisma_migrations SET finished_at = NULL, logs = 'it hurt'")
  await expect(migrate(url, folder)).rejects.toThrow(/1_first failed half-way earlier.*it hurt/)
})

describe('the schema of the job queue', () => {
  const revision = () => value('SELECT max(id) FROM graphile_worker.migrations')

  test('is there for a fresh database, and for one that was deployed before there was a queue', async () => {
    await migrate(url, folder)
    const newest = await revision()
    expect(newest).toBeGreaterThan(0)
    await runOnce(url, 'DROP SCHEMA graphile_worker CASCADE')
    expect(await migrate(url, folder)).toEqual([])
    expect(await revision()).toBe(newest)
  })

  test('is made by a role that owns the database and may nothing else, by three at once', async () => {
    const role = `${new URL(url).pathname.slice(1)}_owner`
    await runOnce(url, `CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
    try {
      await runOnce(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} OWNER TO ${role}`)
      const own = new URL(url)
      own.username = role
      own.password = 'x'
      write('1_first', 'CREATE TABLE thing (n int)')
      const applied = await Promise.all([1, 2, 3].map(() => migrate(own.href, folder)))
      expect(applied.flat()).toEqual(['1_first'])
      expect(await value('SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = $$graphile_worker$$')).toBe(
        role,
      )
    } finally {
      await runOnce(url, `REASSIGN OWNED BY ${role} TO CURRENT_USER`)
      await runOnce(url, `DROP OWNED BY ${role}`)
      await runOnce(url, `DROP ROLE ${role}`)
    }
  })
})
