import type pg from 'pg'
import { ensureBuilt } from '../support/builds'
import { step } from '../support/progress'
import { metered } from './cpu'
import { bareExchange, exchangeVerb } from './exchange'
import { CLIENTS, type Ground, prepareGround } from './ground'
import { EACH, type History, layHistories } from './histories'
import type { Task } from './http-client'
import { awardCall, bareAward, bareSpend, spendCall } from './ledger-calls'
import { pgbenchContestant } from './pgbench'
import { type HttpClient, type ServerProcess, startHttpClient, startServer } from './processes'
import { type Contestant, type Result, ratioOf, type Turns, takeTurns } from './rounds'
import { cleaningUp, openPool } from './scratch'
import { bareFunction, settleVerb } from './settle'
import { type Bar, barsTable, resultsTable } from './tables'

interface Size extends Omit<Turns, 'warm'> {
  histories: [number, number, number]
}
const WHOLE: Size = { rounds: 5, ms: 1_200, warmUpMs: 800, histories: [10, 1_000, 100_000] }
const QUICK: Size = { rounds: 1, ms: 200, warmUpMs: 100, histories: [10, 100, 1_000] }

const EXCHANGE = {
  verb: 'exchange: the verb, 12 rewards',
  hot: 'exchange: the verb, one hot reward',
  one: 'exchange: the verb, all by one member',
  bare: 'exchange: bare function, same rows (the ceiling)',
  pgbench: 'exchange: bare function by pgbench',
  http: 'http: mall.exchange, 12 rewards',
  httpHot: 'http: mall.exchange, one hot reward',
  ping: 'http: empty call, beside the exchanges',
}
const SPEND = { call: 'ledger_spend', bare: 'ledger_spend: bare function, same rows (the ceiling)' }
const SETTLE = {
  verb: 'settle: the verb',
  bare: 'settle: bare function, same rows (the ceiling)',
  pgbench: 'settle: bare function by pgbench',
  http: 'http: order.settle',
  ping: 'http: empty call, beside the settles',
}
const AWARD = { call: 'ledger_award', bare: 'ledger_award: bare function, same rows (the ceiling)' }

/** What the contestants need besides the ground. */
interface Stage {
  ground: Ground
  pool: pg.Pool
  server: ServerProcess
  client: HttpClient
  size: Size
}

interface Part {
  results: Map<string, Result>
  bars: Bar[]
}

const present = (all: (Contestant | null)[]) => all.filter((one): one is Contestant => one !== null)

/** Counts the processor time of this process, or of the server where the contestant asks it. */
const asking = ({ ground, server, client }: Stage, name: string, call: Task['call']): Contestant =>
  metered(
    { name, run: (ms) => client.ask({ url: server.url, call, ms, connections: CLIENTS }) },
    server.child.pid ?? 0,
    ground.url,
  )

/** What is asked in this process, metered where it can be, and what is asked over HTTP. */
const turns = ({ ground, size }: Stage, here: (Contestant | null)[], overHttp: Contestant[] = []) =>
  takeTurns(
    [
      ...present(here).map((one) => (/pgbench/.test(one.name) ? one : metered(one, process.pid, ground.url))),
      ...overHttp,
    ],
    {
      ...size,
      warm: ground.analyze,
    },
  )

const bar = (
  results: Map<string, Result>,
  one: string,
  other: string,
  least: number,
  name = `${one} / ${other}`,
): Bar => {
  const [mine, theirs] = [results.get(one), results.get(other)]
  return { name, reached: mine && theirs ? ratioOf(mine, theirs) : null, bar: least, wants: 'at least' }
}

async function benchSpending(stage: Stage): Promise<Part> {
  const { ground, pool } = stage
  // the first have histories, and their turn later
  const buyers = ground.crowd.buyers.slice(EACH * stage.size.histories.length)
  const results = await turns(
    stage,
    [
      exchangeVerb(EXCHANGE.verb, ground, 'spread', { buyers }),
      exchangeVerb(EXCHANGE.hot, ground, 'hot', { buyers }),
      exchangeVerb(EXCHANGE.one, ground, 'spread', { buyers: buyers.slice(0, 1) }),
      bareExchange(EXCHANGE.bare, ground, pool),
      pgbenchContestant(EXCHANGE.pgbench, ground, 'exchange'),
      spendCall(SPEND.call, ground, buyers),
      bareSpend(SPEND.bare, pool, buyers),
    ],
    [
      asking(stage, EXCHANGE.http, 'exchange'),
      asking(stage, EXCHANGE.httpHot, 'exchangeHot'),
      asking(stage, EXCHANGE.ping, 'ping'),
    ],
  )
  const bars = [
    bar(results, EXCHANGE.verb, EXCHANGE.bare, 0.4, 'exchange in process / bare function'),
    bar(results, EXCHANGE.verb, EXCHANGE.pgbench, 0.4, 'exchange in process / bare function by pgbench'),
    bar(results, SPEND.call, SPEND.bare, 0.4, 'ledger_spend / bare function'),
    bar(results, EXCHANGE.http, EXCHANGE.ping, 0.7, 'mall.exchange / empty call'),
    bar(results, EXCHANGE.hot, EXCHANGE.verb, 0.7, 'one hot reward / 12, in process'),
    bar(results, EXCHANGE.httpHot, EXCHANGE.http, 0.7, 'one hot reward / 12, over HTTP'),
  ]
  return { results, bars }
}

async function benchEarning(stage: Stage): Promise<Part> {
  const { ground, pool } = stage
  const buyers = ground.crowd.buyers.slice(EACH * stage.size.histories.length)
  const results = await turns(
    stage,
    [
      settleVerb(SETTLE.verb, ground),
      bareFunction(SETTLE.bare, ground, pool),
      pgbenchContestant(SETTLE.pgbench, ground, 'settle'),
      awardCall(AWARD.call, ground, buyers),
      bareAward(AWARD.bare, pool, buyers),
    ],
    [asking(stage, SETTLE.http, 'settle'), asking(stage, SETTLE.ping, 'ping')],
  )
  const bars = [
    bar(results, SETTLE.verb, SETTLE.bare, 0.4, 'settle in process / bare function'),
    bar(results, SETTLE.verb, SETTLE.pgbench, 0.4, 'settle in process / bare function by pgbench'),
    bar(results, AWARD.call, AWARD.bare, 0.4, 'ledger_award / bare function'),
    bar(results, SETTLE.http, SETTLE.ping, 0.7, 'order.settle / empty call'),
  ]
  return { results, bars }
}

const count = (rows: number) => rows.toLocaleString('en')

/** The same members' calls with short, longer and long histories, one client a member. */
async function benchHistories(stage: Stage, histories: History[]): Promise<Part> {
  const { ground } = stage
  const kinds: [string, (name: string, history: History) => Contestant][] = [
    ['exchange', (name, { buyers }) => exchangeVerb(name, ground, 'spread', { buyers, lanes: EACH })],
    ['ledger_spend', (name, { buyers }) => spendCall(name, ground, buyers, EACH)],
    ['settle', (name, { tills }) => settleVerb(name, ground, tills, EACH)],
  ]
  const named = (kind: string, { rows }: History) => `${kind}, ${count(rows)} rows of history`
  const contestants = kinds.flatMap(([kind, make]) => histories.map((one) => make(named(kind, one), one)))
  const results = await turns(stage, contestants)
  const bars = kinds.flatMap(([kind]): Bar[] => {
    const [shortest, ...longer] = histories as [History, ...History[]]
    return longer.map((one) => {
      const slower = ratioOf(results.get(named(kind, shortest)) as Result, results.get(named(kind, one)) as Result)
      const name = `${kind}: time with ${count(one.rows)} rows / with ${count(shortest.rows)}`
      return { name, reached: slower, bar: 1.1, wants: 'at most' }
    })
  })
  return { results, bars }
}

async function bench(ground: Ground, size: Size): Promise<void> {
  const rows = size.histories.map(count).join(', ')
  const histories = await step(`histories of ${rows} rows`, () => layHistories(ground, size.histories))
  const server = await startServer(ground)
  const client = startHttpClient(ground.crowd)
  const pool = openPool(ground.url, CLIENTS)
  const stage: Stage = { ground, pool, server, client, size }
  try {
    const parts = [
      await step('spending', () => benchSpending(stage)),
      await step('earning', () => benchEarning(stage)),
      await step('with histories', () => benchHistories(stage, histories)),
    ]
    console.log(`\n${resultsTable(parts.flatMap(({ results }) => [...results.values()]))}\n`)
    console.log(barsTable(parts.flatMap(({ bars }) => bars)))
    console.log('\nClient, server and database share this machine: trust the ratios, not the operations a second.')
  } finally {
    await Promise.all([server.stop(), client.stop(), pool.end()])
  }
}

/** Spending and earning against their ceilings, over HTTP, and with histories of several lengths. */
export async function benchLedger([how]: string[]): Promise<void> {
  await step('build bff', () => ensureBuilt('bff'), { quickMs: 200 })
  const ground = await step('PostgreSQL with 4,050 members', prepareGround)
  await cleaningUp(() => bench(ground, how === 'quick' ? QUICK : WHOLE), ground.close)
}
