import { type ChildProcess, execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { runOnce } from '@huiyuan/prisma/database/databases'
import pg from 'pg'
import { openRing } from '../../bff/src/key'
import { housesOf, STEPS } from '../../bff/src/key/key.fixture'
import { createTestDatabase } from '../support/database'
import { newMember } from '../support/people'
import { PROJECT } from '../support/project'

const TSX = createRequire(import.meta.url).resolve('tsx/cli')

let books: { url: string; drop: () => Promise<void> }
let at: ReturnType<typeof housesOf>
beforeAll(async () => {
  books = await createTestDatabase()
  at = housesOf(books.url)
  await newMember(at.before)
  await openRing(at.before.house)
})
afterAll(async () => {
  await Promise.all(Object.values(at).map((house) => house.close()))
  await books.drop()
})

let child: ChildProcess
const rotate = (MASTER_KEY: string) =>
  new Promise<{ code: number | null; said: string; complained: string }>((done) => {
    const env = { ...process.env, DATABASE_URL: books.url, MASTER_KEY }
    const command = [TSX, join(PROJECT, 'test/demo/rotate-keys.ts')]
    child = execFile(process.execPath, command, { env, cwd: PROJECT }, (_error, said, complained) =>
      done({ code: child.exitCode, said, complained }),
    )
  })
const left = async () =>
  (await runOnce(books.url, 'SELECT count(*)::int AS n FROM wechat_token WHERE get_byte(token_sealed, 0) = 1')).rows[0]
    .n

test('before a server has begun with the new key it says so and changes nothing', async () => {
  expect(await rotate(STEPS.turned)).toEqual({
    code: 1,
    said: expect.stringContaining('with key 2'),
    complained: 'Stopped: MASTER_KEY: no server seals with key 2 yet; start the servers with it first.\n',
  })
})

test('killed half-way and run again: everything lies under the new key, with figures, and key 1 can go', async () => {
  const seal = `\\x${Buffer.from(at.before.house.keys.seal('token')).toString('hex')}`
  const many = `INSERT INTO wechat_token SELECT 'wx' || n, $1, now() FROM generate_series(1, 5000) n`
  await runOnce(books.url, many, [seal])
  await openRing(at.turned.house)
  // as long as somebody holds a row, it is not through
  const writer = new pg.Client({ connectionString: books.url })
  await writer.connect()
  await writer.query('BEGIN; SELECT 1 FROM wechat_token LIMIT 1 FOR UPDATE')
  const broken = rotate(STEPS.turned)
  while ((await left()) > 4_000) await pause(20)
  child.kill('SIGKILL')
  expect(await broken).toMatchObject({ code: null })
  await writer.end()
  expect(await left()).toBeGreaterThan(0)
  const { code, said, complained } = await rotate(STEPS.turned)
  expect({ code, complained }).toEqual({ code: 0, complained: '' })
  for (const words of [
    /member\.name_sealed +0|member\.name_sealed +1/,
    /rows\/s/,
    /All 5,002 seals open with key 2/,
    /key 1 any more/,
  ])
    expect(said).toMatch(words)
  expect(await left()).toBe(0)
  await openRing(at.after.house)
})
