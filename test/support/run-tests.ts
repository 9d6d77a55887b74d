import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { generateClient } from '@huiyuan/prisma/database/generate'
import { findBrowser } from './browser'
import { ensureBuilt } from './builds'
import { type Counts, countsTable, summaryLine } from './counts'
import kinds from './kinds.cjs'
import { step } from './progress'
import { PROJECT } from './project'
import { startTestServer } from './test-server'
import { packTogether } from './together'

const JEST = createRequire(import.meta.url).resolve('jest/bin/jest')

/** Each build of the pages keeps a core busy and wants memory of its own. */
const ROOMY_BYTES = 6e9

/** Room for what a test makes and forgets, in MB: with node's own 16 a tenth of a worker's time is collecting it. Workers take it over. */
const YOUNG_MB = '--max-semi-space-size=64'

/** What a run was asked for: `pnpm test`, `pnpm test rules verbs`, `pnpm test settle-order -t replay`. */
interface Asked {
  /** The kinds to run, and so what has to be made ready. */
  kinds: typeof kinds
  /** What jest gets besides: patterns of paths and its own options. */
  rest: string[]
}

async function readAsked(args: string[]): Promise<Asked> {
  const words = args.filter((word) => word !== '--')
  const named = kinds.filter(({ kind }) => words.includes(kind))
  const rest = words.filter((word) => !named.some(({ kind }) => kind === word))
  if (named.length > 0) return { kinds: named, rest }
  if (rest.length === 0) return { kinds: kinds.filter(hasTests), rest }
  // A pattern: make ready only what the kinds it meets need.
  const met = await Promise.all(kinds.map(({ kind }) => listTests([...rest, '--selectProjects', kind])))
  return { kinds: kinds.filter((_, i) => met[i]), rest }
}

function hasTests({ tests }: (typeof kinds)[number]): boolean {
  const folders = tests.filter((glob) => !glob.startsWith('!')).map((glob) => join(PROJECT, glob.split('*')[0] ?? ''))
  const files = folders
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }))
  return files.some((file) => /\.test\.tsx?$/.test(file) && !file.includes('node_modules'))
}

function listTests(args: string[]): Promise<boolean> {
  return new Promise((done) => {
    const jest = spawn(process.execPath, [JEST, '--listTests', ...args], { cwd: PROJECT })
    let listed = ''
    jest.stdout.on('data', (chunk) => {
      listed += chunk
    })
    jest.on('close', () => done(listed.includes('.test.ts')))
  })
}

/** Makes ready what the kinds need and returns the environment jest gets, and how to clean up. */
async function makeReady(needs: Set<string>): Promise<{ env: Record<string, string>; close: () => Promise<void> }> {
  const env: Record<string, string> = {}
  if (needs.has('client')) await step('Prisma client', generateClient, { quickMs: 200 })
  if (needs.has('browser')) env.CHROMIUM_PATH = await step('find a browser', findBrowser, { quickMs: 200 })
  const builds = (['bff', 'weapp', 'h5'] as const).filter((name) => needs.has(name)).values()
  // both lanes take from the same builds
  const lane = async () => {
    for (const name of builds) await step(`build ${name}`, () => ensureBuilt(name), { quickMs: 200 })
  }
  await Promise.all(Array.from({ length: totalmem() > ROOMY_BYTES ? 2 : 1 }, lane))
  if (!needs.has('database')) return { env, close: async () => {} }
  const server = await step('PostgreSQL for tests', startTestServer)
  return { env: { ...env, TEST_SERVER_URL: server.url, TEST_TEMPLATE: server.template }, close: server.close }
}

function runJest(args: string[], env: Record<string, string>): Promise<number> {
  return new Promise((done, fail) => {
    const all = { ...process.env, NODE_ENV: 'test', ...env }
    const jest = spawn(process.execPath, [YOUNG_MB, JEST, ...args], { cwd: PROJECT, env: all, stdio: 'inherit' })
    const pass = () => jest.kill('SIGTERM')
    process.on('SIGTERM', pass)
    jest.on('error', fail)
    jest.on('close', (code) => {
      process.off('SIGTERM', pass)
      done(code ?? 1)
    })
  })
}

async function main(): Promise<void> {
  // Ctrl-C reaches jest as well; this process stays to clean up after it.
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (interrupted = true))
  const asked = await readAsked(process.argv.slice(2))
  if (asked.kinds.length === 0) throw new Error(`no test matches ${asked.rest.join(' ')}`)
  const folder = mkdtempSync(join(tmpdir(), 'huiyuan-tests-'))
  const ready = await makeReady(new Set(asked.kinds.flatMap(({ needs }) => needs)))
  try {
    const selected = ['--selectProjects', ...asked.kinds.map(({ kind }) => kind)]
    const file = join(folder, 'counts.json')
    const whole = asked.rest.length === 0 && asked.kinds.some(({ kind }) => kind === 'verbs')
    if (whole) packTogether('bff/src', 'bff/src/wechat')
    const env = { ...ready.env, KIND_COUNTS: file, ...(whole ? { VERBS_TOGETHER: '1' } : {}) }
    const code = interrupted ? 1 : await runJest([...asked.rest, ...selected], env)
    const counts = readCounts(file)
    console.log(`\n${countsTable(kinds, counts)}\n\n${summaryLine(counts)}`)
    const ran = Object.values(counts).some(({ passed, failed }) => passed + failed > 0)
    process.exitCode = code !== 0 || interrupted || !ran ? 1 : 0
  } finally {
    await ready.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function readCounts(file: string): Counts {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Counts
  } catch {
    return {}
  }
}

main().catch((error: unknown) => {
  console.error((error as Error).message)
  process.exitCode = 1
})
