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

/**
 * The same contestant, with the processor time that an operation cost the process `pid` and the database: what it costs
 * does not depend on who else is busy, as the operations a second do.
 */
export function metered({ name, run }: Contestant, pid: number, url: string): Contestant {
  const measured = async (ms: number) => {
    const before = { server: processorTimeOf(pid), database: await databaseTimes(url) }
    const result = await run(ms)
    const spent = processorTimeOf(pid) - before.server
    let inDatabase = 0
    for (const [backend, time] of await databaseTimes(url)) inDatabase += time - (before.database.get(backend) ?? 0)
    const micros = (nanos: number) => (nanos > 0 ? nanos / 1000 / result.count : Number.NaN)
    return { ...result, serverMicros: micros(spent), databaseMicros: micros(inDatabase) }
  }
  return { name, run: measured }
}
