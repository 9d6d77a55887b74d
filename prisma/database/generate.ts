import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withFolderLock } from './folder-lock'
import { runPrisma } from './prisma-cli'

const SCHEMA = fileURLToPath(new URL('../schema', import.meta.url))
const GENERATED = fileURLToPath(new URL('../generated', import.meta.url))

/**
 * Writes the Prisma client (`@huiyuan/prisma/client`) when it does not fit the schema; returns whether it did.
 * A second or so when it must, a few milliseconds when not.
 */
export async function generateClient(): Promise<boolean> {
  if (isFresh()) return false
  return withFolderLock(`${GENERATED}.lock`, async () => {
    if (isFresh()) return false
    await runPrisma(['generate'])
    writeFileSync(join(GENERATED, 'schema.sha256'), schemaHash())
    return true
  })
}

function isFresh(): boolean {
  const note = join(GENERATED, 'schema.sha256')
  return existsSync(note) && readFileSync(note, 'utf8') === schemaHash()
}

function schemaHash(): string {
  const { version } = createRequire(import.meta.url)('prisma/package.json') as { version: string }
  const hash = createHash('sha256').update(version)
  const files = readdirSync(SCHEMA, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.prisma'))
  for (const file of files.sort())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(SCHEMA, file)))
  return hash.digest('hex')
}
