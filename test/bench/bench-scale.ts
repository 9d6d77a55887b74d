import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { showHome } from '../../bff/src/home/show-home'
import { reportLiability } from '../../bff/src/ledger/report-liability'
import { exchangeReward } from '../../bff/src/mall'
import { ensureBuilt } from '../support/builds'
import { step } from '../support/progress'
import { metered } from './cpu'
import { actorCtx } from './crowd'
import type { Task } from './http-client'
import { type LargeBooks, layBooks, openBooks, progressBar } from './large-books'
import { type HttpClient, type ServerProcess, startHttpClient, startServer } from './processes'
import { type Proven, proveBooks } from './prove-books'
import { REWARD_POINTS, spreadReward } from './rewards'
import { type Contestant, median, pump, type Result, takeTurns } from './rounds'
import { cleaningUp, type Scratch, startScratch } from './scratch'
import { oneAfterTheOther } from './settle'
import { type Bar, barsTable, resultsTable } from './tables'

const SMALL = { members: 10_000, transfers: 100_000 }
const LARGE = { members: 1_000_000, transfers: 10_000_000 }
/** A house that is at work, not one that is flooded: waiting in line would hide what the books cost. */
const LANES = 4
const TURNS = { rounds: 7, ms: 1_500, warmUpMs: 2_000 }

/** As one would set it for books of this size; the disk is waited for while it is measured, not while it is filled. */
const MEASURING = { settings: { shared_buffers: '1GB', max_wal_size: '16GB' } }
const FILLING = {
  durable: false,
  settings: { ...MEASURING.settings, autovacuum: 'off', wal_level: 'minimal', max_wal_senders: 0 },
}

const count = (n: number) => n.toLocaleString('en')

function cardVerb(name: string, { test, readers }: LargeBooks): Contestant {
  const next = oneAfterTheOther(readers)
  return { name, run: (ms) => pump(LANES, ms, () => showHome(actorCtx(test.house, next()))) }
}

function spendVerb(name: string, { test, spenders }: LargeBooks): Contestant {
  const next = oneAfterTheOther(spenders)
  let turn = 0
  const exchange = () =>
    exchangeReward(actorCtx(test.house, next()), {
      requestId: randomUUID(),
      rewardId: spreadReward(turn++),
      points: REWARD_POINTS,
    })
  return { name, run: (ms) => pump(LANES, ms, exchange) }
}

/** One server and one client a database. */
interface Served {
  books: LargeBooks
  server: ServerProcess
  client: HttpClient
}

const overHttp = ({ books, server, client }: Served, name: string, call: Task['call']): Contestant =>
  metered(
    { name, run: (ms) => client.ask({ url: server.url, call, ms, connections: LANES }) },
    server.child.pid ?? 0,
    books.url,
  )

const KINDS = ['card in process', 'spend in process', 'http: card', 'http: spend'] as const
const named = (kind: string, { members }: LargeBooks) => `${kind}, ${count(members)} members`

async function benchReading(served: Served[]): Promise<{ results: Result[]; bars: Bar[] }> {
  const make: Record<(typeof KINDS)[number], (name: string, one: Served) => Contestant> = {
    'card in process': (name, { books }) => metered(cardVerb(name, books), process.pid, books.url),
    'spend in process': (name, { books }) => metered(spendVerb(name, books), process.pid, books.url),
    'http: card': (name, one) => overHttp(one, name, 'home'),
    'http: spend': (name, one) => overHttp(one, name, 'exchange'),
  }
  const contestants = KINDS.flatMap((kind) => served.map((one) => make[kind](named(kind, one.books), one)))
  const results = await takeTurns(contestants, { ...TURNS, warm: async () => {} })
  const [small, large] = served as [Served, Served]
  const bars = KINDS.flatMap((kind): Bar[] => {
    const [few, many] = [small, large].map(({ books }) => results.get(named(kind, books)) as Result) as [Result, Result]
    const times = (figure: 'p50' | 'p99') =>
      median(many.rounds.map((run, n) => run[figure] / (few.rounds[n]?.[figure] ?? Number.NaN)))
    return [
      { name: `${kind}: p99, large books / small`, reached: times('p99'), bar: 1.3, wants: 'at most' },
      { name: `${kind}: p50, large books / small`, reached: times('p50'), bar: 1.3, wants: 'at most' },
    ]
  })
  return { results: [...results.values()], bars }
}

/** Both proofs; the small one says what a proof needs by itself. */
async function benchProof(all: LargeBooks[]): Promise<Bar[]> {
  const proofs: Proven[] = []
  for (const { url, transfers } of all) {
    const tell = progressBar('transfers proven')
    proofs.push(await proveBooks(url, transfers, (done) => tell(Math.min(done, transfers - 1), transfers)))
  }
  const [small, large] = proofs as [Proven, Proven]
  for (const { members, transfers, perSecond, peakMb } of proofs)
    console.log(
      `  ${count(transfers)} transfers of ${count(members)} members hold: ${count(Math.round(perSecond))}/s, ${Math.round(peakMb)} MB at most`,
    )
  return [
    { name: 'transfers proven a second', reached: large.perSecond, bar: 100_000, wants: 'at least', unit: '/s' },
    {
      name: 'proof: memory, second half beyond the first',
      // a proof that is over before it was looked at twice says nothing
      reached: large.firstHalfMb && large.secondHalfMb ? large.secondHalfMb - large.firstHalfMb : null,
      bar: 20,
      wants: 'at most',
      unit: 'MB',
    },
    {
      name: `proof: peak memory beyond that of ${count(small.transfers)} transfers`,
      reached: large.peakMb - small.peakMb,
      bar: 150,
      wants: 'at most',
      unit: 'MB',
    },
  ]
}

/** What is owed, by month: the one report that reads all live lots. */
async function sayLiability({ test, members }: LargeBooks): Promise<void> {
  const startedAt = performance.now()
  const { available, pending } = await reportLiability({ ...actorCtx(test.house, randomUUID()) })
  const seconds = (performance.now() - startedAt) / 1000
  console.log(
    `  ${count(members)} members hold ${count(available)} points and wait for ${count(pending)}: asked in ${seconds.toFixed(2)} s`,
  )
}

async function bench(scratch: Scratch, wishes: { small: typeof SMALL; large: typeof LARGE }): Promise<void> {
  const masterKey = randomBytes(32).toString('base64')
  const entries = Object.entries(wishes)
  const written = new Map<string, number>()
  for (const [name, wish] of entries) {
    const title = `books of ${count(wish.members)} members, about ${count(wish.transfers)} transfers`
    written.set(name, await step(title, () => layBooks(scratch, name, wish, masterKey)))
  }
  await step('to the disk', async () => {
    await scratch.restart(MEASURING)
    // what was written unwatched reaches the disk now, not while it is measured
    if (process.platform !== 'win32') execFileSync('sync')
  })
  const all: LargeBooks[] = []
  const served: Served[] = []
  try {
    for (const [name, wish] of entries) {
      const exact = { ...wish, transfers: written.get(name) ?? 0 }
      all.push(await step(`sessions, ${name} books`, () => openBooks(scratch, name, exact, masterKey)))
    }
    for (const books of all)
      served.push({ books, server: await startServer(books), client: startHttpClient(books.crowd) })
    const reading = await step('cards and spends', () => benchReading(served))
    for (const { server, client } of served.splice(0)) await Promise.all([server.stop(), client.stop()])
    await step('liability', () => Promise.all(all.map(sayLiability)))
    const proof = await step('proof', () => benchProof(all))
    console.log(`\n${resultsTable(reading.results)}\n`)
    console.log(barsTable([...reading.bars, ...proof]))
  } finally {
    await Promise.all(served.flatMap(({ server, client }) => [server.stop(), client.stop()]))
    await Promise.all(all.map(({ test }) => test.close().catch(() => {})))
  }
}

function sizeOf(given: string | undefined, whole: number): number {
  if (given === undefined) return whole
  const size = Number(given)
  if (!Number.isInteger(size) || size < 1_000) throw new Error(`${given} is not a number of at least 1,000`)
  return size
}

/** Large books against small ones: cards, spends, the proof. Takes members and transfers. */
export async function benchScale([members, transfers]: string[]): Promise<void> {
  const large = { members: sizeOf(members, LARGE.members), transfers: sizeOf(transfers, LARGE.transfers) }
  const shrunk = large.members / LARGE.members
  const small = shrunk < 0.1 ? { members: 1_000, transfers: 10_000 } : SMALL
  await step('build bff', () => ensureBuilt('bff'), { quickMs: 200 })
  const scratch = await step('PostgreSQL', () => startScratch(FILLING))
  await cleaningUp(() => bench(scratch, { small, large }), scratch.close)
}
