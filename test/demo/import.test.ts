import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { memberNoFrom } from '@huiyuan/shared/member'
import pg from 'pg'
import { importMembers } from '../../bff/src/import'
import { fileOf, peopleOf } from '../../bff/src/import/import.fixture'
import { createTestDatabase, testDatabase } from '../support/database'
import { generateImportFile } from '../support/import-file'
import { expectLedgerProven } from '../support/ledger'
import { type TestHouse, testHouse } from '../support/people'
import { PROJECT } from '../support/project'

const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')
const BATCH = 40

const database = testDatabase()
const file = fileOf([])
let other: { url: string; drop: () => Promise<void> }
let houses: TestHouse[]
beforeAll(async () => {
  other = await createTestDatabase()
  houses = [database.url, other.url].map((url) => testHouse(url, { now: () => new Date(), connections: 3 }))
  await generateImportFile({
    path: file.path,
    lines: 400,
    now: new Date(),
    duplicatesPerMille: 200,
    brokenPerMille: 50,
  })
})
afterAll(async () => {
  await Promise.all(houses.map((house) => house.close()))
  await other.drop()
})

function start(url: string): ChildProcess {
  const env = { ...process.env, DATABASE_URL: url, MASTER_KEY }
  const args = ['--import', 'tsx', join(PROJECT, 'test/demo/import.ts'), file.path, '--batch', String(BATCH)]
  return spawn(process.execPath, args, { env, cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] })
}

const ended = (child: ChildProcess) =>
  new Promise<{ code: number | null; said: string }>((done) => {
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (line) => {
        said += `${line}\n`
      })
    child.once('close', (code) => done({ code, said }))
  })

/** Holds `lock` until the import waits for it, and kills the import there without a word. → how many lines were done */
async function killWhere(url: string, lock: string, values: unknown[]): Promise<number> {
  // two connections: within a transaction what others do is seen once
  const [holder, watcher] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })]
  await Promise.all([holder.connect(), watcher.connect()])
  try {
    await holder.query('BEGIN')
    await holder.query(lock, values)
    const child = start(url)
    const end = ended(child)
    const waits = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    while ((await watcher.query(waits)).rowCount === 0) {
      if (child.exitCode !== null) throw new Error((await end).said)
      await new Promise((later) => setTimeout(later, 50))
    }
    child.kill('SIGKILL')
    await end
    await holder.query('ROLLBACK')
    const { rows } = await holder.query('SELECT lines FROM import_run')
    return rows[0].lines
  } finally {
    await Promise.all([holder.end(), watcher.end()])
  }
}

test('kill -9 between two batches and in the middle of one, then gone on with: as in one go', async () => {
  // the generated numbers of the lines at which a batch begins, and of one in the middle of another
  const cardOf = (line: number) => memberNoFrom(String(line).padStart(14, '0'))
  const rows = readFileSync(file.path, 'utf8').split('\r\n')
  const plain = (from: number) =>
    rows.findIndex((row, at) => at > from && row.startsWith(`${cardOf(at - 1)},`) && row.split(',').length === 12)
  const atBoundary = plain(3 * BATCH + 5)
  const between = await killWhere(database.url, 'SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [
    `store_card||${cardOf(atBoundary - 1)}`,
  ])
  expect(between).toBeGreaterThanOrEqual(2 * BATCH)
  const inside = plain(6 * BATCH + 5)
  const number = [cardOf(inside - 1), '0190a000-0000-7000-8000-000000000001']
  const middle = await killWhere(database.url, 'INSERT INTO member_no (member_no, member_id) VALUES ($1, $2)', number)
  expect(middle).toBeGreaterThan(between)
  expect(middle).toBeLessThan(inside)

  const last = await ended(start(database.url))
  expect(last).toMatchObject({ code: 0, said: expect.stringMatching(/401 lines.*new members.*peak memory/s) })
  const problems = readFileSync(file.problemPath, 'utf8')
  expect(existsSync(`${file.problemPath}.part`)).toBe(false)

  const inOneGo = fileOf([])
  await importMembers((houses[1] as TestHouse).as(), {
    path: file.path,
    problemPath: inOneGo.problemPath,
    batchLines: 1_000,
  })
  expect(await peopleOf((houses[0] as TestHouse).house)).toEqual(await peopleOf((houses[1] as TestHouse).house))
  expect(problems).toBe(readFileSync(inOneGo.problemPath, 'utf8'))
  await expectLedgerProven(database.url)

  expect(await ended(start(database.url))).toMatchObject({
    code: 0,
    said: expect.stringContaining('--again goes through it once more'),
  })
})
