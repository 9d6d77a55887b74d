import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { runOnce } from '@huiyuan/prisma/database/databases'
import { proveLedger } from '../../bff/src/ledger/prove-ledger'
import { openKillGround, type Victim } from './kill-ground.fixture'
import { type Command, type Heard, idOf, KillLoad } from './kill-load.fixture'

const CUSTOMERS = 8
/** Heard in a round before something is killed. */
const WARM = 60

export interface KillReport {
  rounds: number
  heard: number
  /** Sent, and no answer came before the kill. */
  unanswered: number
  /** Of those, done before the kill without anybody having heard of it. */
  doneUnheard: number
  transfers: number
}

/**
 * Kills the victims one after the other in the middle of a load. After each restart everything that was heard is asked
 * again and compared with the books, one by one, and what was not heard is sent again under the same requestId.
 * @throws Error naming the first command of which the books say something else than its client heard
 */
export async function killRounds(
  victims: readonly Victim[],
  onRound: (round: number, victim: Victim, heard: number) => void = () => {},
): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'huiyuan-heard-'))
  const ground = await openKillGround()
  const load = new KillLoad(ground, folder)
  const report: KillReport = { rounds: 0, heard: 0, unanswered: 0, doneUnheard: 0, transfers: 0 }
  try {
    await load.open(CUSTOMERS)
    for (const victim of victims) {
      const before = load.heard.length
      const unheard = await workUntilKilled(load, () => ground.kill(victim))
      await ground.revive()
      const known = load.read().slice(before)
      // before anything is sent again, which might make good what was lost
      await requireInBooks(ground.databaseUrl, known)
      report.doneUnheard += await doneOf(ground.databaseUrl, unheard)
      for (const one of known) requireSame(one, await sendUntilAnswered(load, one.command))
      for (const command of unheard) {
        const answer = await sendUntilAnswered(load, command)
        if (answer !== null) load.hear(command, answer)
      }
      await requireInBooks(ground.databaseUrl, load.read().slice(before))
      report.unanswered += unheard.length
      onRound(++report.rounds, victim, load.heard.length)
    }
    await requireInBooks(ground.databaseUrl, load.read())
    await requireNothingElse(ground.databaseUrl, load)
    const proof = await proveLedger(ground.databaseUrl)
    if (proof.difference) throw new Error(`${proof.difference.memberId}: ${proof.difference.words}`)
    return { ...report, heard: load.heard.length, transfers: proof.transfers }
  } finally {
    load.close()
    await ground.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** All customers at once; killed while every one of them waits for an answer. → what was sent and not heard */
async function workUntilKilled(load: KillLoad, kill: () => Promise<void>): Promise<Command[]> {
  const [sentBefore, heardBefore] = [load.sent.length, load.heard.length]
  let over = false
  const works = Array.from({ length: CUSTOMERS }, (_, customer) => load.work(customer, () => over))
  const deadline = Date.now() + 60_000
  while (load.heard.length - heardBefore < WARM && Date.now() < deadline) await sleep(2)
  if (Date.now() >= deadline) throw new Error('the load makes no progress')
  await kill()
  over = true
  await Promise.all(works)
  return load.sent.slice(sentBefore).filter((command) => !load.ended.has(command))
}

async function sendUntilAnswered(load: KillLoad, command: Command): Promise<Record<string, unknown> | null> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    const ending = await load.send(command)
    if (ending !== null) return 'answer' in ending ? ending.answer : null
  }
  throw new Error(`no answer for 30 seconds after the restart: ${JSON.stringify(command)}`)
}

function requireSame({ command, answer }: Heard, again: Record<string, unknown> | null): void {
  if (!isDeepStrictEqual(again, answer))
    throw new Error(
      `${JSON.stringify(command)} was answered ${JSON.stringify(answer)}, after the restart ${JSON.stringify(again)}`,
    )
}

const doneOf = async (url: string, commands: Command[]): Promise<number> => {
  const ids = commands.map(({ requestId }) => requestId)
  const { rows } = await runOnce(url, 'SELECT count(*)::int AS done FROM request WHERE request_id = ANY ($1)', [ids])
  return rows[0].done
}

/** What the tables must hold for each thing that was heard; points as they were answered. */
const FOUND = `SELECT h.n FROM unnest($1::int[], $2::text[], $3::uuid[], $4::int[], $5::uuid[]) h (n, verb, id, points, request_id)
  WHERE (SELECT count(*) FROM request r WHERE r.request_id = h.request_id) <> 1 OR NOT CASE h.verb
    WHEN 'settle' THEN EXISTS (SELECT 1 FROM purchase p JOIN effect e ON e.kind = 'order' AND e.source_id = p.order_id::text AND e.part = 'award'
      WHERE p.order_id = h.id AND p.points = h.points
        AND h.points = (SELECT sum(amount) FROM transfer t WHERE t.member_id = p.member_id AND t.effect_kind = 'order'
          AND t.effect_source = h.id::text AND t.unit = 'points' AND t.from_account = 'programme:issued'))
    WHEN 'return' THEN EXISTS (SELECT 1 FROM purchase WHERE order_id = h.id AND state = 'returned')
      AND EXISTS (SELECT 1 FROM effect WHERE kind = 'order' AND source_id = h.id::text AND part = 'take_back')
    WHEN 'exchange' THEN EXISTS (SELECT 1 FROM redemption r WHERE r.redemption_id = h.id AND r.points = h.points
        AND h.points = (SELECT sum(amount) FROM transfer t WHERE t.member_id = r.member_id AND t.effect_kind = 'redemption'
          AND t.effect_source = h.id::text AND t.to_account = 'programme:spent'))
      AND EXISTS (SELECT 1 FROM effect WHERE kind = 'redemption' AND source_id = h.id::text AND part = 'spend')
    ELSE EXISTS (SELECT 1 FROM redemption WHERE redemption_id = h.id AND state = 'cancelled')
      AND EXISTS (SELECT 1 FROM effect WHERE kind = 'redemption' AND source_id = h.id::text AND part = 'return') END
  ORDER BY 1 LIMIT 1`

async function requireInBooks(url: string, heard: Heard[]): Promise<void> {
  const points = ({ command, answer }: Heard): number =>
    command.verb === 'settle'
      ? (answer.points as number)
      : command.verb === 'exchange'
        ? (answer.redemption as { points: number }).points
        : 0
  const columns = [
    heard.map((_, n) => n),
    heard.map(({ command }) => command.verb),
    heard.map(({ command, answer }) => idOf(command, answer)),
    heard.map(points),
    heard.map(({ command }) => command.requestId),
  ]
  const { rows } = await runOnce(url, FOUND, columns)
  if (rows[0]) throw new Error(`heard, and not in the books: ${JSON.stringify(heard[rows[0].n])}`)
}

/** One effect of each command and none of any other: as many rows as there were answers. */
async function requireNothingElse(url: string, load: KillLoad): Promise<void> {
  const { rows } = await runOnce(
    url,
    `SELECT (SELECT count(*)::int FROM purchase WHERE member_id = ANY ($1)) AS settle,
       (SELECT count(*)::int FROM purchase WHERE member_id = ANY ($1) AND state = 'returned') AS return,
       (SELECT count(*)::int FROM redemption WHERE member_id = ANY ($1) AND origin = 'mall') AS exchange,
       (SELECT count(*)::int FROM redemption WHERE member_id = ANY ($1) AND state = 'cancelled') AS cancel`,
    [load.members],
  )
  const heard: Record<string, number> = { settle: 0, return: 0, exchange: 0, cancel: 0 }
  for (const { command } of load.heard) heard[command.verb] = (heard[command.verb] ?? 0) + 1
  if (!isDeepStrictEqual({ ...rows[0] }, heard))
    throw new Error(`the books hold ${JSON.stringify(rows[0])}, the clients heard ${JSON.stringify(heard)}`)
}
