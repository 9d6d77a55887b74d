import { setTimeout as sleep } from 'node:timers/promises'
import { generateClient } from '@huiyuan/prisma/database/generate'
import { ensureBuilt } from '../support/builds'
import { step } from '../support/progress'
import { type DemoDatabase, migrateDemo, openDemoDatabase, seedDemo } from './demo-database'
import { type DemoHouse, planHouse } from './house'
import { Processes } from './processes'
import { demoSecrets } from './secrets'
import { watchSources } from './watch'

const READY_SECONDS = 60
const QUICK = { quickMs: 300 }

const processes = new Processes()
let database: DemoDatabase | null = null
let ending = false

async function main(): Promise<void> {
  const dev = process.argv.includes('--dev')
  console.log('Starting the member centre of the demo brand 一盏')
  if (await processes.claim()) console.log('  (a demo that was still running has been ended)')
  // The pages take longest to build and need nothing else: they go first and the rest runs beside them.
  const pages = step('pages', () => ensureBuilt('h5'), QUICK)
  pages.catch(() => {})
  await step('Prisma client', generateClient, QUICK)
  const opened = await step('PostgreSQL', openDemoDatabase)
  database = opened
  const secrets = demoSecrets()
  await step('tables', () => migrateDemo(opened.url), QUICK)
  await step('demo brand', () => seedDemo(opened.url, secrets.masterKey, sayNowAndThen()), QUICK)
  await step('server', () => ensureBuilt('bff'), QUICK)
  await pages
  const house = await planHouse(opened.url, secrets)
  processes.start(house.sandbox)
  processes.start(house.server)
  await step('ready', () => untilReady(house))
  sayWhatToOpen(house)
  void keepDatabase(opened)
  if (dev) watchSources(processes, house)
}

/** A line of progress every few seconds. */
function sayNowAndThen(): (words: string) => void {
  let saidAt = Date.now()
  return (words) => {
    if (Date.now() - saidAt < 5_000) return
    saidAt = Date.now()
    console.log(`  … demo brand: ${words}`)
  }
}

async function untilReady({ serverUrl, sandboxUrl }: DemoHouse): Promise<void> {
  for (const deadline = Date.now() + READY_SECONDS * 1000; Date.now() < deadline; await sleep(100)) {
    if ((await answers(`${serverUrl}/health/ready`)) && (await answers(`${sandboxUrl}/`))) return
    if (ending) return
  }
  throw new Error(
    `the server does not become ready; see ${processes.logOf('server')} and ${processes.logOf('sandbox')}`,
  )
}

/** PostgreSQL that was killed comes back with everything that was committed. */
async function keepDatabase({ revive }: DemoDatabase): Promise<void> {
  for (; !ending; await sleep(2_000)) {
    if (await revive().catch(() => false)) console.log('  … PostgreSQL was gone and has been started again')
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}

function sayWhatToOpen({ serverUrl, sandboxUrl }: DemoHouse): void {
  console.log(`
Open

  the member's phone    ${serverUrl}/
                        sign in with WeChat as 小林 (new here) or 小梅 (Gold)
  the counter           ${serverUrl}/#/pages/staff/counter
                        in another browser or a private window, or both would be one person;
                        sign in with WeChat as 阿青, clerk of the lakeside shop 湖滨店
  WeChat, played        ${sandboxUrl}/
  text messages         ${sandboxUrl}/sms

Ctrl-C stops everything and keeps the data; "pnpm db:reset" starts over.
Logs: ${processes.logOf('server')}
`)
}

async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  console.log('\nStopping …')
  await processes.stop()
  await database?.stop()
  process.exit(code)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))

main().catch(async (error: unknown) => {
  if (ending) return
  console.error(`\n${(error as Error).message}`)
  await end(1)
})
