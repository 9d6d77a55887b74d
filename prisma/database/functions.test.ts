import { testDatabase } from '../../test/support/database'
import { changedFunctions, orphanFunctions, readFunctions } from './function-sources'
import { readMigrations } from './migrate'
import { runPrisma } from './prisma-cli'

const database = testDatabase()

test('each function file is word for word in the newest migration that defines it', () => {
  const changed = changedFunctions(readFunctions(), readMigrations())
  expect(changed.map(({ file }) => file)).toEqual([])
})

test('no migrated function has lost its file', () => {
  expect(orphanFunctions(readFunctions(), readMigrations())).toEqual([])
})

test('the migrations lead to the schema, nothing more and nothing less', async () => {
  const diff = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'schema', '--script', '--exit-code']
  const { stdout } = await runPrisma(diff, { url: database.url, accept: [2] })
  expect(stdout).toContain('This is an empty migration')
})

test('Prisma itself finds every migration applied', async () => {
  const { stdout } = await runPrisma(['migrate', 'status'], { url: database.url })
  expect(stdout).toContain('Database schema is up to date')
})

describe('function sources', () => {
  const define = (name: string, body: string) =>
    `CREATE OR REPLACE FUNCTION ${name}(call jsonb) RETURNS jsonb\nLANGUAGE sql AS $$ ${body} $$;`
  const migration = (name: string, sql: string) => ({ name, sql, checksum: '' })
  const source = (name: string, body: string) => ({ file: `${name}.sql`, text: define(name, body), names: [name] })

  test('an edited function counts as changed, even when an older migration holds its text', () => {
    const history = [migration('1', define('a', 'SELECT 1')), migration('2', define('a', 'SELECT 2'))]
    expect(changedFunctions([source('a', 'SELECT 1')], history)).toHaveLength(1)
    expect(changedFunctions([source('a', 'SELECT 2')], history)).toHaveLength(0)
    expect(changedFunctions([source('b', 'SELECT 2')], history)).toHaveLength(1)
  })

  test('a function without a file is an orphan until a migration drops it', () => {
    const history = [migration('1', define('a', 'SELECT 1')), migration('2', define('b', 'SELECT 1'))]
    expect(orphanFunctions([source('b', 'SELECT 1')], history)).toEqual(['a'])
    expect(orphanFunctions([source('b', 'SELECT 1')], [...history, migration('3', 'DROP FUNCTION a;')])).toEqual([])
  })
})
