import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOnce } from '@huiyuan/prisma/database/databases'
import { testDatabase } from '../../../test/support/database'
import { PROJECT } from '../../../test/support/project'
import { SEALED_COLUMNS } from './sealed-columns'

const database = testDatabase()
const SCHEMA = join(PROJECT, 'prisma', 'schema')

/** Bytes that anybody may read. */
const OPEN = ['device_handle.public_key']

/** Every column of bytes in the schema, and everything else that calls itself sealed. */
function sealedInSchema(): string[] {
  const models = readdirSync(SCHEMA).flatMap((file) =>
    readFileSync(join(SCHEMA, file), 'utf8')
      .split(/^(?=model )/m)
      .slice(1),
  )
  return models.flatMap((model) => {
    const table = /@@map\("(\w+)"\)/.exec(model)?.[1]
    const fields = [...model.matchAll(/^ {2}(\w+) +(\w+)\??(.*)$/gm)]
    return fields
      .filter(([, name, type]) => type === 'Bytes' || /sealed$/i.test(name as string))
      .map(([, name, , rest]) => `${table}.${/@map\("(\w+)"\)/.exec(rest as string)?.[1] ?? name}`)
  })
}

const LISTED = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`).sort()

test('every sealed column of the schema is one that keys:rotate seals anew', () => {
  expect(LISTED.length).toBeGreaterThan(5)
  expect(sealedInSchema().sort()).toEqual([...LISTED, ...OPEN].sort())
})

test('each is found by its whole primary key, and guarded against keys that have ended', async () => {
  const { rows: keys } = await runOnce(
    database.url,
    `SELECT c.relname AS "table", json_agg(a.attname ORDER BY k.nth) AS key FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
      JOIN unnest(x.indkey) WITH ORDINALITY k (att, nth) ON true JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.att
      WHERE x.indisprimary AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname`,
  )
  const keyOf = new Map(keys.map(({ table, key }) => [table, key]))
  for (const { table, key } of SEALED_COLUMNS)
    expect([table, key.map(([name]) => name)]).toEqual([table, keyOf.get(table)])
  const { rows: guards } = await runOnce(
    database.url,
    `SELECT t.tgrelid::regclass || '.' || a.attname AS "column" FROM pg_trigger t JOIN pg_attribute a ON a.attrelid = t.tgrelid
      AND a.attnum = ANY (t.tgattr) WHERE t.tgname LIKE '%_key_keep' AND t.tgenabled = 'O' ORDER BY 1`,
  )
  expect(guards.map(({ column }) => column).sort()).toEqual(LISTED)
})
