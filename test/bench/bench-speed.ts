import { ensureBuilt } from '../support/builds'
import { step } from '../support/progress'
import { metered } from './cpu'
import { bareExchange, exchangeVerb } from './exchange'
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
import { cleaningUp, openPool } from './scratch'
import { bareFunction, settleFunction, settleVerb } from './settle'
import { sizesOfBuilds } from './sizes'
import { type Bar, barsTable, resultsTable } from './tables'

const TURNS = { rounds: 5, ms: 2_000, warmUpMs: 1_500 }
/** 20,000 requests until the server's memory is read. */
const FIRST_REQUESTS = { settle: 2_000, home: 8_000, ping: 10_000 }

const NAMES = {
  verb: 'settle: the verb',
  ready: 'settle: its function, arguments ready-made',
  bare: 'settle: bare function, same rows (the ceiling)',
  pgbench: 'settle: bare function by pgbench',
  exchange: 'exchange: the verb, 12 rewards',
  hot: 'exchange: the verb, one hot reward',
  bareExchange: 'exchange: bare function, same rows (the ceiling)',
  ping: 'http: empty call',
  settle: 'http: order.settle',
  httpExchange: 'http: mall.exchange',
  home: 'http: home.show',
  stock: 'http: empty call, Express + stock tRPC',
}

const found = (results: Map<string, Result>, name: string): Result => {
  const result = results.get(name)
  if (!result) throw new Error(`${name} did not run`)
  return result
}

async function benchInProcess(ground: Ground): Promise<{ results: Result[]; bars: Bar[] }> {
  const pool = openPool(ground.url, CLIENTS)
  const contestants = [
    settleVerb(NAMES.verb, ground),
    await settleFunction(NAMES.ready, ground, pool),
    bareFunction(NAMES.bare, ground, pool),
    pgbenchContestant(NAMES.pgbench, ground, 'settle'),
  ].filter((one): one is Contestant => one !== null)
  const results = await takeTurns(
    contestants.map((one) => (one.name === NAMES.pgbench ? one : metered(one, process.pid, ground.url))),
    { ...TURNS, warm: ground.analyze },
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

async function benchExchange(ground: Ground): Promise<{ results: Result[]; bars: Bar[] }> {
  const pool = openPool(ground.url, CLIENTS)
  const contestants = [
    exchangeVerb(NAMES.exchange, ground, 'spread'),
    exchangeVerb(NAMES.hot, ground, 'hot'),
    bareExchange(NAMES.bareExchange, ground, pool),
  ]
  const results = await takeTurns(
    contestants.map((one) => metered(one, process.pid, ground.url)),
    { ...TURNS, warm: ground.analyze },
  )
  await pool.end()
  const verb = found(results, NAMES.exchange)
  const bar = (name: string, reached: number, least: number): Bar => ({ name, reached, bar: least, wants: 'at least' })
  return {
    results: [...results.values()],
    bars: [
      bar('exchange in process / bare function', ratioOf(verb, found(results, NAMES.bareExchange)), 0.4),
      bar('exchange of one hot reward / of 12', ratioOf(found(results, NAMES.hot), verb), 0.7),
    ],
  }
}

async function benchHttp(
  { url: database, analyze }: Ground,
  client: HttpClient,
  ours: ServerProcess,
  stock: ServerProcess,
) {
  const asking = (name: string, { url, child }: ServerProcess, call: Task['call']): Contestant =>
    metered({ name, run: (ms) => client.ask({ url, call, ms, connections: CLIENTS }) }, child.pid ?? 0, database)
  const results = await takeTurns(
    [
      asking(NAMES.ping, ours, 'ping'),
      asking(NAMES.settle, ours, 'settle'),
      asking(NAMES.httpExchange, ours, 'exchange'),
      asking(NAMES.home, ours, 'home'),
      asking(NAMES.stock, stock, 'ping'),
    ],
    { ...TURNS, warm: analyze },
  )
  const ping = found(results, NAMES.ping)
  const bar = (name: string, reached: number, least: number): Bar => ({ name, reached, bar: least, wants: 'at least' })
  const bars = [
    bar('order.settle / empty call', ratioOf(found(results, NAMES.settle), ping), 0.7),
    bar('mall.exchange / empty call', ratioOf(found(results, NAMES.httpExchange), ping), 0.7),
    bar('home.show / empty call', ratioOf(found(results, NAMES.home), ping), 0.5),
    bar('empty call / Express + stock tRPC', ratioOf(ping, found(results, NAMES.stock)), 1.5),
  ]
  return { results: [...results.values()], bars }
}

const atMost = (name: string, reached: number | null, bar: number, unit: string): Bar => ({
  name,
  reached,
  bar,
  wants: 'at most',
  unit,
})

/** What the server holds at rest, and how much more at the end than after its first requests. */
async function memoryBars(client: HttpClient, server: ServerProcess): Promise<() => Bar[]> {
  const rest = memoryOf(server)
  for (const [call, least] of Object.entries(FIRST_REQUESTS)) {
    const task = { url: server.url, call: call as Task['call'], ms: 400, connections: CLIENTS }
    for (let asked = 0; asked < least; ) asked += (await client.ask(task)).count
  }
  const busy = memoryOf(server)
  return () => {
    const end = memoryOf(server)
    const grown = busy === null || end === null ? null : end - busy
    return [
      atMost('server memory at rest', rest, 200, 'MB'),
      atMost(`growth from 20,000 requests (${busy?.toFixed(0)} MB) to the end`, grown, 20, 'MB'),
    ]
  }
}

function sizeBars(): Bar[] {
  const { weappMain, weappAll, h5Named, h5All } = sizesOfBuilds()
  return [
    atMost('weapp, main package', weappMain, 700, 'KB'),
    atMost('weapp, all packages', weappAll, 1_536, 'KB'),
    atMost(`h5, scripts the page names, gzipped (all there are: ${h5All?.toFixed(0) ?? '–'} KB)`, h5Named, 200, 'KB'),
  ]
}

async function bench(ground: Ground): Promise<void> {
  const [ours, stock] = await Promise.all([startServer(ground), startStockServer(ground)])
  const client = startHttpClient(ground.crowd)
  try {
    const memory = await step('20,000 requests', () => memoryBars(client, ours))
    const inProcess = await step('settle in process', () => benchInProcess(ground))
    const exchange = await step('exchange in process', () => benchExchange(ground))
    const http = await step('over HTTP', () => benchHttp(ground, client, ours, stock))
    console.log(`\n${resultsTable([...inProcess.results, ...exchange.results, ...http.results])}\n`)
    console.log(barsTable([...inProcess.bars, ...exchange.bars, ...http.bars, ...memory(), ...sizeBars()]))
    console.log('\nClient, servers and database share this machine: trust the ratios, not the operations a second.')
  } finally {
    await Promise.all([ours.stop(), stock.stop(), client.stop()])
  }
}

/** Settle, exchange and home as ratios within one run; sizes and memory. */
export async function benchSpeed(): Promise<void> {
  await step('build bff', () => ensureBuilt('bff'), { quickMs: 200 })
  const ground = await step('PostgreSQL with 4,050 members', prepareGround)
  await cleaningUp(() => bench(ground), ground.close)
}
