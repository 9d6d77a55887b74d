import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { databaseName, runOnce } from '@huiyuan/prisma/database/databases'
import { createTestDatabase } from '../support/database'
import { PROJECT } from '../support/project'

const TSX = createRequire(import.meta.url).resolve('tsx/cli')
const ID = '0190a000-0000-7000-8000-000000000001'

let books: { url: string; drop: () => Promise<void> }
beforeAll(async () => {
  books = await createTestDatabase()
  await runOnce(books.url, `INSERT INTO account VALUES ('${ID}', 5, 0, 0, 0)`)
  await runOnce(
    books.url,
    `INSERT INTO lot VALUES ('${ID}', '${ID}', '${ID}', 'active', 5, 5, now(), now() + interval '1 day', 'test', '1')`,
  )
  await runOnce(
    books.url,
    `INSERT INTO transfer VALUES
      ('${ID}', uuid_v7(now()), 'points', 'programme:issued', 'member:available', 5, 'opening', '{}', '${ID}', NULL, NULL, now())`,
  )
})
afterAll(() => books.drop())

const prove = (url: string) => command('prove', url)
const command = (name: 'prove' | 'verify-audit', url: string) =>
  new Promise<{ code: number; said: string; complained: string }>((done) => {
    const env = { ...process.env, DATABASE_URL: url }
    const child = execFile(
      process.execPath,
      [TSX, join(PROJECT, `test/demo/${name}.ts`)],
      { env, cwd: PROJECT },
      (_error, said, complained) => done({ code: child.exitCode ?? -1, said, complained }),
    )
  })

test('books that hold end with 0 and their figures', async () => {
  const { code, said, complained } = await prove(books.url)
  expect({ code, complained }).toEqual({ code: 0, complained: '' })
  for (const words of [/members +1\n/, /transfers +1\n/, /transfers\/s/, /peak memory +\d+ MB/, /The books hold/])
    expect(said).toMatch(words)
})

test('books that do not end with 1 and the first member and how; the figures are there all the same', async () => {
  await runOnce(books.url, 'UPDATE account SET available_points = 6')
  const { code, said, complained } = await prove(books.url)
  expect(code).toBe(1)
  expect(said).toMatch(/transfers +1\n/)
  expect(complained).toContain(`First member ${ID}: available: stored 6, replayed 5`)
})

test('a database that is not there is not made', async () => {
  const missing = new URL(books.url)
  missing.pathname = `/${databaseName(books.url)}_missing`
  const { code, complained } = await prove(missing.href)
  expect(code).toBe(1)
  expect(complained).toMatch(/does not exist/)
  expect(await runOnce(missing.href, 'SELECT 1').catch(({ code: state }) => state)).toBe('3D000')
})

test('a database without books says how to make them', async () => {
  const empty = new URL(books.url)
  empty.pathname = '/postgres'
  const { code, complained } = await prove(empty.href)
  expect(code).toBe(1)
  expect(complained).toMatch(/no books in postgres/)
})

test('the record of two stores is computed anew; where one entry was changed it ends with 1 and says where', async () => {
  for (const [storeId, subject] of [
    ['hubin', 'a'],
    ['hubin', 'b'],
    ['qianjiang', 'c'],
  ])
    await runOnce(
      books.url,
      `SELECT audit_append('${JSON.stringify({
        storeId,
        at: '2026-11-22T00:00:00Z',
        actorId: ID,
        verb: 'order.settle',
        subject,
        bodyHash: '0'.repeat(64),
      })}')`,
    )
  const whole = await command('verify-audit', books.url)
  expect({ code: whole.code, complained: whole.complained }).toEqual({ code: 0, complained: '' })
  for (const words of [/hubin +2 entries +intact/, /qianjiang +1 entries +intact/, /All 3 entries stand/])
    expect(whole.said).toMatch(words)
  await runOnce(
    books.url,
    `ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_keep;
     UPDATE audit_entry SET verb = 'visit.scan' WHERE store_id = 'hubin' AND seq = 2;
     ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_keep`,
  )
  const { code, said, complained } = await command('verify-audit', books.url)
  expect({ code, complained }).toEqual({ code: 1, complained: '\nThe record was touched in hubin.\n' })
  expect(said).toMatch(/hubin +2 entries +BROKEN at entry 2/)
})
