import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Migration } from './migrate'

const FUNCTIONS = fileURLToPath(new URL('../functions', import.meta.url))
const DEFINITION = /^\s*CREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\s+"?(\w+)"?\s*\(/gim
const REMOVAL = /^\s*DROP\s+FUNCTION\s+(?:IF\s+EXISTS\s+)?"?(\w+)"?/gim

export interface FunctionSource {
  file: string
  text: string
  /** The database functions the file defines. */
  names: string[]
}

/** The plpgsql sources, in the order they are appended to a migration. */
export function readFunctions(folder = FUNCTIONS): FunctionSource[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'))
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file), 'utf8').trim()
    const names = matches(DEFINITION, text)
    if (names.length === 0) throw new Error(`prisma/functions/${file} defines no function`)
    return { file, text, names }
  })
}

/** The sources that the newest migration defining them does not hold word for word: new or changed since. */
export function changedFunctions(sources: FunctionSource[], migrations: Migration[]): FunctionSource[] {
  return sources.filter(({ text, names }) => {
    const defining = migrations.filter(({ sql }) => matches(DEFINITION, sql).some((name) => names.includes(name)))
    return !defining.at(-1)?.sql.includes(text)
  })
}

/** Functions that migrations define, no later one drops, and no source holds any more. */
export function orphanFunctions(sources: FunctionSource[], migrations: Migration[]): string[] {
  const living = new Set<string>()
  for (const { sql } of migrations) {
    for (const name of matches(REMOVAL, sql)) living.delete(name)
    for (const name of matches(DEFINITION, sql)) living.add(name)
  }
  for (const { names } of sources) for (const name of names) living.delete(name)
  return [...living].sort()
}

function matches(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? '').toLowerCase())
}
