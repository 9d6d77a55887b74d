import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDatabase, dropDatabase, withDatabase } from './databases'
import { discardPostgres, startPostgres } from './embedded-postgres'
import { changedFunctions, orphanFunctions, readFunctions } from './function-sources'
import { MIGRATIONS, migrate, readMigrations } from './migrate'
import { runPrisma } from './prisma-cli'

const DATA = fileURLToPath(new URL('../../.data', import.meta.url))

/**
 * Writes `prisma/migrations/<time>_<name>/migration.sql`: what leads from the committed migrations to the schema, then
 * the functions that are new, changed or gone. Returns the file, or null when nothing changed.
 */
async function newMigration(name: string): Promise<string | null> {
  const migrations = readMigrations()
  const sources = readFunctions()
  const parts = [
    await onScratchDatabase(schemaChanges),
    ...orphanFunctions(sources, migrations).map((gone) => `DROP FUNCTION ${gone};`),
    ...changedFunctions(sources, migrations).map(({ text }) => text),
  ].filter((part) => part !== '')
  if (parts.length === 0) return null
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const folder = join(MIGRATIONS, `${time}_${name}`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'migration.sql'), `${parts.join('\n\n')}\n`)
  writeFileSync(join(MIGRATIONS, 'migration_lock.toml'), 'provider = "postgresql"\n')
  return join(folder, 'migration.sql')
}

async function schemaChanges(url: string): Promise<string> {
  await migrate(url)
  const diff = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'schema', '--script']
  const { stdout } = await runPrisma(diff, { url })
  return stdout.includes('This is an empty migration') ? '' : stdout.trim()
}

async function onScratchDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  const given = process.env.DATABASE_URL
  const database = `huiyuan_scratch_${process.pid}`
  const server = given ? null : await startPostgres({ folder: join(DATA, `scratch-${process.pid}`), durable: false })
  const url = given ?? (server?.url('postgres') as string)
  try {
    await createDatabase(url, database)
    return await work(withDatabase(url, database))
  } finally {
    await dropDatabase(url, database)
    if (server) await discardPostgres(server.folder)
  }
}

async function main(): Promise<void> {
  const name = process.argv[2] ?? ''
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error('usage: pnpm db:migration <name_in_snake_case>')
  const file = await newMigration(name)
  console.log(
    file ? `wrote ${file}\nRead it, and add CHECK constraints by hand.` : 'schema and functions are unchanged',
  )
}

main().catch((error: unknown) => {
  console.error((error as Error).message)
  process.exitCode = 1
})
