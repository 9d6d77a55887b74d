import { execFile } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { STOCK_SLOTS } from '../../prisma/seed/mall'
import type { Crowd } from './crowd'
import { CLIENTS, type Ground } from './ground'
import { REWARD_POINTS, SPREAD_REWARDS } from './rewards'
import type { Contestant } from './rounds'

const DEBIAN = '/usr/lib/postgresql'

function findPgbench(): string | null {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : []
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...debian.reverse()]
  return folders.map((folder) => join(folder, 'pgbench')).find(existsSync) ?? null
}

const SCRIPTS = {
  settle: ({ tills }: Crowd) => `\\set n random(1, ${tills.length})
SELECT bench_settle(member_id, visit_id, store_id, till_id, staff_id, 6800, 68) FROM bench_target WHERE n = :n;\n`,
  exchange: ({ buyers }: Crowd) => `\\set n random(1, ${buyers.length})
\\set reward random(0, ${SPREAD_REWARDS - 1})
\\set slot random(0, ${STOCK_SLOTS - 1})
SELECT bench_exchange(member_id, lot_id, 'bench-' || :reward, :slot, ${REWARD_POINTS}) FROM bench_buyer WHERE n = :n;\n`,
}

/** A bare function called by PostgreSQL's own load generator, written in C; null on machines without it. */
export function pgbenchContestant(
  name: string,
  { url, folder, crowd }: Ground,
  of: keyof typeof SCRIPTS,
): Contestant | null {
  const pgbench = findPgbench()
  if (!pgbench) return null
  const script = join(folder, `${of}.sql`)
  writeFileSync(script, SCRIPTS[of](crowd))
  const run = async (ms: number) => {
    const args = ['-n', '-M', 'prepared', '-c', String(CLIENTS), '-j', '1', '-T', String(Math.ceil(ms / 1000))]
    const { stdout } = await promisify(execFile)(pgbench, [...args, '-f', script, url])
    const figure = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1])
    const mean = figure(/latency average = ([\d.]+)/)
    return {
      count: figure(/actually processed: (\d+)/),
      perSecond: figure(/tps = ([\d.]+)/),
      p50: mean,
      p99: Number.NaN,
    }
  }
  return { name, run }
}
