import pg from 'pg'
import { ensureBuilt } from '../support/builds'
import { step } from '../support/progress'
import { metered } from './cpu'
import { CLIENTS, type Ground, prepareGround } from './ground'
import type { Task } from './http-client'
import { pgbenchContestant } from './pgbench'
import {
  type HttpClient,
  memoryOf,
  type ServerProcess,
  startHttpClient,
  startServer,
  startStockServer,
} from './processes'
import { type Contestant, type Result, ratioOf, takeTurns } from './rounds'
import { bareFunction, settleFunction, settleVerb } from './settle'
import { sizesOfBuilds } from './sizes'
import { type Bar, barsTable, resultsTable } from './tables'

const TURNS = { rounds: Number(process.env.BENCH_ROUNDS ?? 5), ms: 2_000, warmUpMs: 1_500 }
const REQUESTS_UNTIL_MEMORY_IS_READ = 20_000

const NAMES = {
  verb: 'settle: the verb',
  ready: 'settle: its function, arguments ready-made',
  bare: 'settle: bare function, same rows (the ceiling)',
  pgbench: 'settle: bare function by pgbench',
  ping: 'http: empty call',
  settle: 'http: order.settle',
  home: 'http: home.show',
  stock: 'http: empty call, Express + stock tRPC',
}

const found = (results: Map<string, Result>, name: string): Result => {
  const result = results.get(name)
  if (!result) throw new Error(`${name} did not run`)
  return result
}

async function benchInProcess(ground: Ground): Promise<{ results: Result[]; bars: Bar[] }> {
  const pool = new pg.Pool({ connectionString: ground.url, max: CLIENTS, options: '-c timezone=UTC' })
  const contestants = [
    settleVerb(NAMES.verb, ground),
    await settleFunction(NAMES.ready, ground, pool),
    bareFunction(NAMES.bare, ground, pool),
    pgbenchContestant(NAMES.pgbench, ground.url, ground.crowd.tills.length),
  ].filter((one): one is Contestant => one !== null)
  const results = await takeTurns(
    contestants.map((one) => (one.name === NAMES.pgbench ? one : metered(one, process.pid, ground.url))),
    TURNS,
  )
  await pool.end()
  const verb = found(results, NAMES.verb)
  const against = (name: string, bar: number): Bar => ({
    name: `settle in process / ${name}`,
    reached: results.has(name) ? ratioOf(verb, found(results, name)) : null,
    bar,
    wants: 'at least',
  })
  return { results: [...results.values()], bars: [against(NAMES.bare, 0.4), against(NAMES.pgbench, 0.4)] }
}

async function benchHttp({ url: database }: Ground, client: HttpClient, ours: ServerProcess, stock: ServerProcess) {
  const asking = (name: string, { url, child }: ServerProcess, call: Task['call']): Contestant =>
    metered({ name, run: (ms) => client.ask({ url, call, ms, connections: CLIENTS }) }, child.pid ?? 0, database)
  const results = await takeTurns(
    [
      asking(NAMES.ping, ours, 'ping'),
      asking(NAMES.settle, ours, 'settle'),
      asking(NAMES.home, ours, 'home'),
      asking(NAMES.stock, stock, 'ping'),
    ],
    TURNS,
  )
  const ping = found(results, NAMES.ping)
  const bar = (name: string, reached: number, least: number): Bar => ({ name, reached, bar: least, wants: 'at least' })
  const bars = [
    bar('order.settle / empty call', ratioOf(found(results, NAMES.settle), ping), 0.7),
    bar('home.show / empty call', ratioOf(found(results, NAMES.home), ping), 0.5),
    bar('empty call / Express + stock tRPC', ratioOf(ping, found(results, NAMES.stock)), 1.5),
  ]
  return { results: [...results.values()], bars }
}

/** What the server holds at rest, after the first requests, and how much more after ten thousands of them. */
async function memoryBars(client: HttpClient, server: ServerProcess): Promise<{ bars: Bar[]; grown: () => Bar }> {
  const rest = memoryOf(server)
  let asked = 0
  for (const call of ['ping', 'settle', 'home'] as const) {
    while (asked < REQUESTS_UNTIL_MEMORY_IS_READ / (call === 'ping' ? 3 : call === 'settle' ? 1.5 : 1)) {
      const ms = 500
      asked += ((await client.ask({ url: server.url, call, ms, connections: CLIENTS })).perSecond * ms) / 1000
    }
  }
  const busy = memoryOf(server)
  const bar = (name: string, reached: number | null, most: number): Bar => ({
    name,
    reached,
    bar: most,
    wants: 'at most',
    unit: 'MB',
  })
  return {
    bars: [bar('server memory at rest', rest, 200), bar('server memory after 20,000 requests', busy, 200)],
    grown: () => bar('server memory after the whole bench', memoryOf(server), 200),
  }
}

function sizeBars(): Bar[] {
  const { weappMain, weappAll, h5FirstPage } = sizesOfBuilds()
  const bar = (name: string, reached: number | null, most: number): Bar => ({
    name,
    reached,
    bar: most,
    wants: 'at most',
    unit: 'KB',
  })
  return [
    bar('weapp, main package', weappMain, 700),
    bar('weapp, all packages', weappAll, 1_536),
    bar('h5, scripts of the first page, gzipped', h5FirstPage, 200),
  ]
}

async function main(): Promise<void> {
  await step('build bff', () => ensureBuilt('bff'), { quickMs: 200 })
  const ground = await step('PostgreSQL with 3,050 members', prepareGround)
  const [ours, stock] = await Promise.all([startServer(ground), startStockServer(ground)])
  const client = startHttpClient(ground.crowd)
  try {
    const memory = await step('memory', () => memoryBars(client, ours))
    const inProcess = await step('settle in process', () => benchInProcess(ground))
    const http = await step('over HTTP', () => benchHttp(ground, client, ours, stock))
    console.log(`\n${resultsTable([...inProcess.results, ...http.results])}\n`)
    console.log(barsTable([...inProcess.bars, ...http.bars, ...memory.bars, memory.grown(), ...sizeBars()]))
    console.log('\nClient, servers and database share this machine: trust the ratios, not the operations a second.')
  } finally {
    await Promise.all([ours.stop(), stock.stop(), client.stop()])
    await ground.close()
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
