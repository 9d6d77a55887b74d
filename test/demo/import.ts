import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { databaseName, runOnce } from '@huiyuan/prisma/database/databases'
import { generateClient } from '@huiyuan/prisma/database/generate'
import type { Counts, ImportReport, Progress } from '../../bff/src/import'
import { openDemoDatabase } from './demo-database'
import { demoSecrets } from './secrets'

const USAGE = `pnpm member:import members.csv [options]     takes in the members of another system

  --dry-run            says what would come of it and changes nothing
  --again              goes through a file again that is done; lines that were taken in change nothing
  --seen 2026-11-01    when the members of this file were last seen, where a line does not say
  --system pos         whose numbers the external ids are, where they do not say ("import")
  --batch 400          lines a transaction

The file is described in docs/decisions/0021-import.md. It goes to DATABASE_URL, sealed with MASTER_KEY; else to the demo.
What is to be mended is written beside it, line by line. Stopped or killed, the same command goes on where it was.`

const WORDS: Record<string, string> = {
  SERVICE_AWAY: 'The database is away. The same command goes on where it was.',
  BUSY: 'Somebody holds one of these members for long. The same command goes on where it was.',
}

const count = (amount: number) => amount.toLocaleString('en')

interface Asked {
  path: string
  dryRun: boolean
  again: boolean
  seenOn: Date | null
  system: string | null
  batchLines: number | null
}

function readAsked(args: string[]): Asked {
  const { values, positionals } = parseArgs({
    args: args.filter((word) => word !== '--'),
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      again: { type: 'boolean', default: false },
      seen: { type: 'string' },
      system: { type: 'string' },
      batch: { type: 'string' },
    },
  })
  const [path, ...more] = positionals
  if (!path || more.length > 0) throw new Error(USAGE)
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new Error(`there is no file ${path}`)
  const seenOn = values.seen === undefined ? null : new Date(`${values.seen}T00:00:00+08:00`)
  if (seenOn && !(seenOn.getTime() < Date.now())) throw new Error('--seen takes a day like 2026-11-01, not one to come')
  if (values.system !== undefined && !/^[a-z][a-z0-9_-]{0,31}$/.test(values.system))
    throw new Error('--system takes a short name of small letters, digits, - and _')
  const batchLines = values.batch === undefined ? null : Number(values.batch)
  if (batchLines !== null && !(Number.isInteger(batchLines) && batchLines >= 1 && batchLines <= 2_000))
    throw new Error('--batch takes 1 to 2000')
  return { path, dryRun: values['dry-run'], again: values.again, seenOn, system: values.system ?? null, batchLines }
}

/** The database to fill: the one of DATABASE_URL as it is, else the demo's, which is left running if it runs. */
async function openBooks(): Promise<{ url: string; masterKey: string; leave: () => Promise<void> }> {
  const { DATABASE_URL: given, MASTER_KEY: key } = process.env
  if (given && !key) throw new Error('MASTER_KEY is missing: phones and names are sealed with the key of your servers')
  if (given && key) return { url: given, masterKey: key, leave: async () => {} }
  const demo = await openDemoDatabase()
  return { url: demo.url, masterKey: demoSecrets().masterKey, leave: demo.started ? demo.stop : async () => {} }
}

/** A line that says how far it is: anew in place on a terminal, now and then elsewhere. */
function progressLine(): (progress: Progress) => void {
  const every = process.stdout.isTTY ? 200 : 5_000
  let [startedAt, saidAt, from] = [performance.now(), 0, -1]
  return ({ lines, bytes, ofBytes, counts }) => {
    const now = performance.now()
    if (from < 0) [startedAt, from] = [now, bytes]
    if (now - saidAt < every && bytes < ofBytes) return
    saidAt = now
    const seconds = Math.ceil(((ofBytes - bytes) / Math.max(bytes - from, 1)) * ((now - startedAt) / 1000))
    const bar = '█'.repeat(Math.floor((bytes / ofBytes) * 20)).padEnd(20, '░')
    const left = bytes < ofBytes && bytes > from ? `, ${count(seconds)} s left` : ''
    const line = `  ${bar} ${count(lines)} lines, ${count(counts.created)} new, ${count(counts.refused)} refused${left}`
    process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${line}${bytes < ofBytes ? '' : '\n'}` : `${line}\n`)
  }
}

function sayCounts({ created, added, repeated, refused, merged, waiting, points, growth }: Counts): void {
  console.log(`  new members         ${count(created)}
  added to members    ${count(added)}
  taken in before     ${count(repeated)}
  not taken in        ${count(refused)}
  records merged      ${count(merged)}
  phones that wait    ${count(waiting)}
  points              ${count(points)}
  growth              ${count(growth)}`)
}

function sayEnd(report: ImportReport, { dryRun }: Asked, problemPath: string, seconds: number): void {
  const { state, counts, lines, resumedAt, knownAt } = report
  if (state === 'known') {
    console.log(`This file was taken in on ${knownAt?.toISOString()}; --again goes through it once more.`)
    sayCounts(counts)
    return
  }
  sayCounts(counts)
  const rate = Math.round((lines - resumedAt) / Math.max(seconds, 0.001))
  console.log(`  seconds             ${seconds.toFixed(1)}, ${count(rate)} lines/s
  peak memory         ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`)
  console.log(`\nWhat is to be mended, if anything: ${problemPath}`)
  if (state === 'stopped') console.log('Stopped. The same command goes on where it was.')
  if (dryRun)
    console.log('This was a dry run: nothing was changed. Lines that repeat one of another batch were counted as new.')
}

/** Takes in a file of members; ends with 1 when it cannot. Lines that are not taken in are no failure of the run. */
async function main(asked: Asked): Promise<void> {
  const { url, masterKey, leave } = await openBooks()
  const { rows } = await runOnce(url, "SELECT to_regclass('import_run') AS there")
  if (!rows[0].there)
    throw new Error(`${databaseName(url)} is not up to date; "pnpm start" or "pnpm db:deploy" makes it so`)
  // loaded only now: it needs the Prisma client
  await generateClient()
  const { openImportHouse } = await import('./import-house')
  const house = await openImportHouse(url, masterKey)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  try {
    const problemPath = `${asked.path}.${asked.dryRun ? 'dry-run.' : ''}problems.csv`
    console.log(`Taking ${asked.path} into ${databaseName(url)}`)
    const startedAt = performance.now()
    const report = await house.importMembers({
      ...{ path: asked.path, problemPath, dryRun: asked.dryRun, again: asked.again, signal: stop.signal },
      ...(asked.seenOn ? { seenOn: asked.seenOn } : {}),
      ...(asked.system ? { system: asked.system } : {}),
      ...(asked.batchLines ? { batchLines: asked.batchLines } : {}),
      onProgress: progressLine(),
    })
    sayEnd(report, asked, problemPath, (performance.now() - startedAt) / 1000)
  } finally {
    await house.close()
    await leave()
  }
}

Promise.resolve()
  .then(() => main(readAsked(process.argv.slice(2))))
  .catch((error: unknown) => {
    const { message } = error as Error
    console.error(WORDS[message] ?? message)
    process.exitCode = 1
  })
