import { execFile } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { CLIENTS, type Ground } from './ground'
import type { Contestant } from './rounds'

const DEBIAN = '/usr/lib/postgresql'

function findPgbench(): string | null {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : []
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...debian.reverse()]
  return folders.map((folder) => join(folder, 'pgbench')).find(existsSync) ?? null
}

/** The bare function called by PostgreSQL's own load generator, written in C; null on machines without it. */
export function pgbenchContestant(name: string, { url, folder, crowd }: Ground): Contestant | null {
  const pgbench = findPgbench()
  if (!pgbench) return null
  const script = join(folder, 'settle.sql')
  writeFileSync(
    script,
    `\\set n random(1, ${crowd.tills.length})
SELECT bench_settle(member_id, visit_id, store_id, till_id, staff_id, 6800, 68) FROM bench_target WHERE n = :n;\n`,
  )
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
