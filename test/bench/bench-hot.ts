import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOnce } from '@huiyuan/prisma/database/databases'
import { exchangeReward } from '../../bff/src/mall'
import { Refusal } from '../../bff/src/refusal'
import { step } from '../support/progress'
import { PROJECT } from '../support/project'
import { metered } from './cpu'
import { actorCtx } from './crowd'
import { type Ground, prepareGround } from './ground'
import { DROP_POINTS, type Drop, putUp, runDrop, type Sale } from './hot-drop'
import { type AtWork, OURS, putToWork, TECHNIQUES, type Technique } from './hot-techniques'
import { REWARD_POINTS, spreadReward } from './rewards'
import { type Contestant, median, pump, type Result, ratioOf, takeTurns } from './rounds'
import { cleaningUp } from './scratch'
import { oneAfterTheOther } from './settle'
import { type Bar, barsTable, number, resultsTable, table } from './tables'

const SALE = { buyers: 1_000, pieces: 100 }
/** What one server holds, and what four of them do. */
const ONE_SERVER = 16
const FOUR_SERVERS = 64
const LANES = 64

interface Size {
  rounds: number
  ms: number
  warmUpMs: number
}
const WHOLE: Size = { rounds: 5, ms: 1_500, warmUpMs: 800 }
const QUICK: Size = { rounds: 1, ms: 200, warmUpMs: 100 }

type Drops = Map<string, Drop[]>

/** Everybody has had a turn that does not count: plans are made, connections open. */
async function dropsInTurns(ground: Ground, all: AtWork[], sale: Sale, rounds: number): Promise<Drops> {
  for (const one of all) await runDrop(ground, one, sale)
  await ground.analyze()
  const drops: Drops = new Map(all.map(({ technique }) => [technique.name, []]))
  for (let round = 0; round < rounds; round++)
    for (const one of all) drops.get(one.technique.name)?.push(await runDrop(ground, one, sale))
  return drops
}

/** As many connections as several servers hold: too many to keep them open for all techniques at once. */
async function dropsOfManyServers(ground: Ground, sale: Sale, rounds: number): Promise<Drops> {
  const drops: Drops = new Map(TECHNIQUES.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (const technique of TECHNIQUES) {
      const one = putToWork(technique, ground.url, FOUR_SERVERS)
      await runDrop(ground, one, sale)
      drops.get(technique.name)?.push(await runDrop(ground, one, sale))
      await one.close()
    }
  return drops
}

function dropsTable(drops: Drops): string {
  const head = ['', 'buyers/s', 'gone ms', 'all ms', 'p50 ms', 'p99 ms', 'µs database', 'again', 'deadlocks']
  const rows = [...drops].map(([name, of]) => {
    const middle = (figure: (drop: Drop) => number, digits = 0) => number(median(of.map(figure)), digits)
    const sum = (figure: (drop: Drop) => number) => String(of.reduce((total, drop) => total + figure(drop), 0))
    return [
      name,
      middle(({ buyersPerSecond }) => buyersPerSecond),
      middle(({ goneAfter }) => goneAfter),
      middle(({ answeredAfter }) => answeredAfter),
      middle(({ p50 }) => p50, 1),
      middle(({ p99 }) => p99, 1),
      middle(({ databaseMicros }) => databaseMicros),
      sum(({ retries }) => retries),
      sum(({ deadlocks }) => deadlocks),
    ]
  })
  return table(head, rows)
}

const NEVER_RUNS_OUT = 1_000_000_000
const SPREAD = 'twelve rewards, 16 slots each'
const soldOut = (name: string) => `sold out, ${name}`

/** All for one reward that does not end, as long as the turn lasts. */
function sustained(
  { test, crowd }: Ground,
  name: string,
  sql: AtWork['sql'],
  reward: () => string,
  points: number,
): Contestant {
  const members = oneAfterTheOther(crowd.buyers.map(({ memberId }) => ({ ...actorCtx(test.house, memberId), sql })))
  const exchange = () =>
    exchangeReward(members(), { requestId: randomUUID(), rewardId: reward(), points }).catch((error: unknown) => {
      if (!(error instanceof Refusal && error.fault.code === 'REWARD_GONE')) throw error
    })
  return { name, run: (ms) => pump(LANES, ms, exchange) }
}

async function benchSustained(ground: Ground, all: AtWork[], size: Size): Promise<{ results: Result[]; bars: Bar[] }> {
  const contestants: Contestant[] = []
  const ours = all.find(({ technique }) => technique.name === OURS) as AtWork
  const naive = all[0] as AtWork
  let turn = 0
  contestants.push(sustained(ground, SPREAD, ours.sql, () => spreadReward(turn++), REWARD_POINTS))
  for (const { technique, sql } of all) {
    if (technique.slots === 'pieces') continue
    const rewardId = `hot-${randomUUID().slice(0, 20)}`
    await putUp(ground, technique, rewardId, NEVER_RUNS_OUT)
    contestants.push(sustained(ground, technique.name, sql, () => rewardId, DROP_POINTS))
  }
  for (const { technique, sql } of [naive, ours]) {
    const rewardId = `gone-${randomUUID().slice(0, 20)}`
    await putUp(ground, technique, rewardId, 0)
    contestants.push(sustained(ground, soldOut(technique.name), sql, () => rewardId, DROP_POINTS))
  }
  const results = await takeTurns(
    contestants.map((one) => metered(one, process.pid, ground.url)),
    { ...size, warm: ground.analyze },
  )
  const ratio = (one: string, other: string) => ratioOf(results.get(one) as Result, results.get(other) as Result)
  const bar = (name: string, reached: number, least: number): Bar => ({ name, reached, bar: least, wants: 'at least' })
  return {
    results: [...results.values()],
    bars: [
      bar('one hot reward, ours / twelve rewards', ratio(OURS, SPREAD), 0.7),
      bar('ours / the naive row', ratio(OURS, naive.technique.name), 1),
      bar('refusing what is gone / exchanging, ours', ratio(soldOut(OURS), OURS), 1),
    ],
  }
}

/** A function that is no longer called would let the house's own win under another name. */
async function standIns(url: string): Promise<void> {
  await runOnce(url, readFileSync(join(PROJECT, 'test', 'bench', 'hot-techniques.sql'), 'utf8'))
  const { rows } = await runOnce(
    url,
    `SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE n.nspname LIKE 'hot\\_%' AND p.proname LIKE 'mall\\_%' AND NOT EXISTS (
         SELECT 1 FROM pg_proc o WHERE o.pronamespace = 'public'::regnamespace AND o.proname = p.proname
           AND o.proargtypes = p.proargtypes)`,
  )
  if (rows[0])
    throw new Error(`hot-techniques.sql stands in for ${rows[0].name}, which the house calls differently now`)
}

async function bench(ground: Ground, size: Size): Promise<void> {
  await standIns(ground.url)
  const all = TECHNIQUES.map((technique: Technique) => putToWork(technique, ground.url, ONE_SERVER))
  const { rounds } = size
  const say = (title: string, drops: Drops) => console.log(`\n${title}\n${dropsTable(drops)}\n`)
  const sale = { ...SALE, lanes: LANES }
  say(
    `1,000 buyers, 100 pieces, ${LANES} at a time, ${ONE_SERVER} connections`,
    await step('drops, 64 at a time', () => dropsInTurns(ground, all, sale, rounds)),
  )
  const burst = { ...SALE, lanes: SALE.buyers }
  say(
    `1,000 buyers, 100 pieces, all in the same instant, ${ONE_SERVER} connections`,
    await step('drops, all at once', () => dropsInTurns(ground, all, burst, rounds)),
  )
  say(
    `1,000 buyers, 100 pieces, all in the same instant, ${FOUR_SERVERS} connections`,
    await step('drops, four servers', () => dropsOfManyServers(ground, burst, Math.ceil(rounds / 2))),
  )
  const { results, bars } = await step('one hot reward without end', () => benchSustained(ground, all, size))
  console.log(
    `\nOne reward that does not end, ${LANES} at a time, ${ONE_SERVER} connections\n${resultsTable(results)}\n`,
  )
  console.log(barsTable(bars))
  console.log('\nAfter every drop: 100 redemptions, 900 refusals, 100 charged, nothing left, nothing oversold.')
  for (const one of all) await one.close()
}

/** Ways to take one hot item, side by side. */
export async function benchHot([how]: string[]): Promise<void> {
  const ground = await step('PostgreSQL with 4,050 members', prepareGround)
  await cleaningUp(() => bench(ground, how === 'quick' ? QUICK : WHOLE), ground.close)
}
