import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createDatabase, runOnce } from '@huiyuan/prisma/database/databases'
import { migrate } from '@huiyuan/prisma/database/migrate'
import { proveLedger } from '../../bff/src/ledger/prove-ledger'
import { type GeneratedFile, generateImportFile } from '../support/import-file'
import { step } from '../support/progress'
import { PROJECT } from '../support/project'
import { cleaningUp, type Scratch, startScratch } from './scratch'

const TSX = createRequire(import.meta.url).resolve('tsx/cli')
const LINES = 1_000_000
const SETTINGS = { settings: { shared_buffers: '1GB', max_wal_size: '8GB' } }

const count = (n: number) => Math.round(n).toLocaleString('en')

interface Run {
  seconds: number
  /** Of the importing process, in MB, near a tenth of the file and at its end. */
  earlyMb: number
  lateMb: number
  said: string
}

/** Runs the command as one would, and ends it without a word at a share of the file when asked to. */
function runImport(url: string, masterKey: string, path: string, more: string[], killAt?: number): Promise<Run> {
  const env = { ...process.env, DATABASE_URL: url, MASTER_KEY: masterKey }
  const args = [TSX, join(PROJECT, 'test/demo/import.ts'), path, ...more]
  const child = spawn(process.execPath, args, {
    env,
    cwd: PROJECT,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const startedAt = performance.now()
  const run: Run = { seconds: 0, earlyMb: 0, lateMb: 0, said: '' }
  createInterface({ input: child.stdout }).on('line', (line) => {
    run.said += `${line}\n`
    const share = [...line].filter((char) => char === '█').length / 20
    if (!/[█░]/.test(line)) return
    const mb = residentMb(child.pid as number)
    if (share <= 0.15) run.earlyMb = mb
    run.lateMb = Math.max(mb, share > 0.85 ? run.lateMb : 0)
    if (killAt !== undefined && share >= killAt) process.kill(-(child.pid as number), 'SIGKILL')
  })
  return new Promise((done, fail) =>
    child.once('close', (code, signal) => {
      run.seconds = (performance.now() - startedAt) / 1000
      if (code === 0 || signal === 'SIGKILL') done(run)
      else fail(new Error(`the import ended with ${code}\n${run.said}`))
    }),
  )
}

/** The command and what it started, in MB. */
function residentMb(group: number): number {
  const rows = execFileSync('ps', ['-A', '-o', 'pgid=,rss='], { encoding: 'utf8' }).trim().split('\n')
  const own = rows.map((row) => row.trim().split(/\s+/).map(Number)).filter(([pgid]) => pgid === group)
  return Math.round(Math.max(0, ...own.map(([, rss]) => rss ?? 0)) / 1024)
}

const TABLES = [
  'member',
  'member_no',
  'account',
  'standing',
  'lot',
  'transfer',
  'effect',
  'member_tag',
  'identity',
  'merge_record',
  'claim',
]
const SEEN = `SELECT ${TABLES.map((table) => `(SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM ${table} t) AS ${table}`).join(', ')}`
/** What two imports of one file must agree on: their ids are drawn, their figures are not. */
const FIGURES = `SELECT (SELECT count(*) FROM member WHERE status = 'active') AS members, (SELECT count(*) FROM member) AS records,
  (SELECT sum(available_points) FROM account) AS points, (SELECT sum(growth) FROM account) AS growth,
  (SELECT count(*) FROM lot) AS lots, (SELECT count(*) FROM transfer) AS transfers, (SELECT count(*) FROM identity) AS identities,
  (SELECT count(*) FROM claim) AS claims, (SELECT count(*) FROM merge_record) AS merges, (SELECT count(*) FROM member_tag) AS tags`

const seenOf = async (url: string) => JSON.stringify((await runOnce(url, SEEN)).rows[0])
const figuresOf = async (url: string) => JSON.stringify((await runOnce(url, FIGURES)).rows[0])

async function newDatabase(scratch: Scratch, name: string): Promise<string> {
  await createDatabase(scratch.server.url('postgres'), name)
  const url = scratch.server.url(name)
  await migrate(url)
  return url
}

function expectSame(what: string, one: string, other: string): void {
  if (one !== other) throw new Error(`${what}:\n  ${one}\n  ${other}`)
  console.log(`  ✓ ${what}`)
}

async function measure(scratch: Scratch, lines: number): Promise<void> {
  const path = join(scratch.folder, 'members.csv')
  const problemPath = `${path}.problems.csv`
  const masterKey = randomBytes(32).toString('base64')
  const now = new Date()
  const made: GeneratedFile = await step('generate', () => generateImportFile({ path, lines, now }))
  console.log(`  ${count(lines)} lines, ${count(made.duplicates)} about somebody again, ${count(made.broken)} broken`)

  const url = await newDatabase(scratch, 'straight')
  const once = await step('take it in', () => runImport(url, masterKey, path, []))
  console.log(once.said.slice(once.said.lastIndexOf('  new members')))
  console.log(
    `  ${count(lines / once.seconds)} lines/s with the start; ${once.earlyMb} MB at a tenth, ${once.lateMb} MB at the end`,
  )
  const proof = await step('prove the ledger', () => proveLedger(url))
  if (proof.difference) throw new Error(`the books do not hold: ${proof.difference.words}`)
  const { members, points, growth } = JSON.parse(await figuresOf(url)) as Record<string, string>
  expectSame(
    'members, points and growth are the file’s',
    [members, points, growth].join(' '),
    [made.members, made.points, made.growth].join(' '),
  )
  const problems = readFileSync(problemPath, 'utf8')
  const refused = problems.split('\n').filter((row) => row.endsWith(',否'))
  const lineNumbers = new Set(refused.map((row) => row.split(',')[0]))
  expectSame('every broken line is named', String(lineNumbers.size), String(made.broken))

  const before = await seenOf(url)
  const twice = await step('take it in again', () => runImport(url, masterKey, path, ['--again']))
  expectSame(`the second time changes nothing (${count(lines / twice.seconds)} lines/s)`, await seenOf(url), before)
  rmSync(problemPath)

  const other = await newDatabase(scratch, 'killed')
  const killed = await step('kill -9 half-way', () => runImport(other, masterKey, path, [], 0.5))
  console.log(`  ${killed.said.trim().split('\n').at(-1)?.trim()}`)
  await step('go on', () => runImport(other, masterKey, path, []))
  expectSame('killed and resumed is as in one go', await figuresOf(other), await figuresOf(url))
  expectSame('so is the file of problems', String(readFileSync(problemPath, 'utf8') === problems), 'true')
}

/** Takes in a large file as the command does, kills it half-way, runs it twice; ends with 1 when a promise is broken. */
export async function benchImport([given]: string[]): Promise<void> {
  const lines = given ? Number(given) : LINES
  if (!(lines >= 1_000)) throw new Error('pnpm bench import [lines], a thousand at least')
  const scratch = await startScratch(SETTINGS)
  await cleaningUp(() => measure(scratch, lines), scratch.close)
}
