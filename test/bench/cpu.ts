import { readdirSync, readFileSync } from 'node:fs'
import { runOnce } from '@huiyuan/prisma/database/databases'
import type { Contestant } from './rounds'

/** Nanoseconds a process and its threads have spent on a processor; 0 where Linux does not tell. */
function processorTimeOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.reduce((sum, thread) => {
      const [spent] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
      return sum + Number(spent)
    }, 0)
  } catch {
    return 0
  }
}

async function databaseTimes(url: string): Promise<Map<number, number>> {
  const { rows } = await runOnce(url, 'SELECT pid FROM pg_stat_activity')
  return new Map(rows.map(({ pid }: { pid: number }) => [pid, processorTimeOf(pid)]))
}

/** Nanoseconds of processor time. */
export interface Spent {
  server: number
  database: number
}

/** Starts counting the processor time of the process `pid` and of the database; what it gives back tells it. */
export async function startMeter(pid: number, url: string): Promise<() => Promise<Spent>> {
  const before = { server: processorTimeOf(pid), database: await databaseTimes(url) }
  return async () => {
    const server = processorTimeOf(pid) - before.server
    let database = 0
    for (const [backend, time] of await databaseTimes(url)) database += time - (before.database.get(backend) ?? 0)
    return { server, database }
  }
}

/** Microseconds of each of `count` operations; unknown where Linux does not tell. */
export const microsEach = (nanos: number, count: number): number => (nanos > 0 ? nanos / 1000 / count : Number.NaN)

/**
 * The same contestant, with the processor time that an operation cost the process `pid` and the database: what it costs
 * does not depend on who else is busy, as the operations a second do.
 */
export function metered({ name, run }: Contestant, pid: number, url: string): Contestant {
  const measured = async (ms: number) => {
    const stop = await startMeter(pid, url)
    const result = await run(ms)
    const { server, database } = await stop()
    return {
      ...result,
      serverMicros: microsEach(server, result.count),
      databaseMicros: microsEach(database, result.count),
    }
  }
  return { name, run: measured }
}
