import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDatabase, runOnce } from '@huiyuan/prisma/database/databases'
import { discardPostgres, type PostgresServer, startPostgres } from '@huiyuan/prisma/database/embedded-postgres'
import { migrate } from '@huiyuan/prisma/database/migrate'
import { processIdentity } from '@huiyuan/prisma/database/process-identity'
import { seedFor } from '../story/demo-people.fixture'
import { DATA } from '../support/project'
import { type BffProcess, type RunningHouse, startBff, startHouse } from '../support/running-house'

const BOOKS = 'books'

export type Victim = 'server' | 'database' | 'both'

/** A PostgreSQL that waits for the disk, on a folder of its own, and a server process before it; both may be killed. */
export interface KillGround {
  readonly databaseUrl: string
  /** Where the server listens now; another place after each of its lives. */
  readonly serverUrl: string
  readonly house: RunningHouse
  /** kill -9, at once, of every process that the victim consists of. */
  kill: (victim: Victim) => Promise<void>
  /** Starts again what is dead. */
  revive: () => Promise<void>
  close: () => Promise<void>
}

export async function openKillGround(): Promise<KillGround> {
  mkdirSync(DATA, { recursive: true })
  await sweepLeftovers()
  const folder = join(DATA, `kill-${process.pid}`)
  let postgres = await startPostgres({ folder, settings: { max_connections: 60 } })
  try {
    await createDatabase(postgres.url('postgres'), BOOKS)
    const databaseUrl = postgres.url(BOOKS)
    await migrate(databaseUrl)
    const house = await startHouse(databaseUrl)
    await seedFor(databaseUrl, house.masterKey)
    let server = house.bffs[0] as BffProcess
    let serverLives = true
    const killServer = async () => {
      serverLives = false
      await server.stop('SIGKILL')
    }
    const killDatabase = async () => killTree(postmasterOf(postgres))
    return {
      databaseUrl,
      get serverUrl() {
        return server.url
      },
      house,
      kill: async (victim) => {
        const ends = [victim !== 'database' && killServer(), victim !== 'server' && killDatabase()]
        await Promise.all(ends)
      },
      revive: async () => {
        postgres = await startPostgres({ folder, settings: { max_connections: 60 } })
        if (postgres.url(BOOKS) !== databaseUrl) throw new Error('PostgreSQL came back on another port')
        await answers(databaseUrl)
        if (serverLives) return
        server = await startBff(house.env)
        house.bffs.push(server)
        serverLives = true
      },
      close: async () => {
        await house.stop()
        await discardPostgres(postgres.folder)
      },
    }
  } catch (error) {
    await discardPostgres(postgres.folder)
    throw error
  }
}

/** The databases of runs that were killed themselves. */
async function sweepLeftovers(): Promise<void> {
  for (const name of readdirSync(DATA)) {
    const pid = Number(/^kill-(\d+)$/.exec(name)?.[1])
    if (pid && pid !== process.pid && processIdentity(pid) === null) await discardPostgres(join(DATA, name))
  }
}

const postmasterOf = ({ folder }: PostgresServer) =>
  Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0])

/** The children first learn of nothing: all get the signal before any of them can tell another. */
async function killTree(parent: number): Promise<void> {
  const family = [parent, ...childrenOf(parent)]
  for (const pid of family) signalKill(pid)
  for (const deadline = Date.now() + 20_000; family.some((pid) => processIdentity(pid) !== null); await sleep(20))
    if (Date.now() > deadline) throw new Error('PostgreSQL outlived kill -9')
}

/** On Linux; elsewhere PostgreSQL's children notice by themselves that their parent is gone. */
function childrenOf(parent: number): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}

function signalKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended in the meantime.
  }
}

async function answers(url: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
    try {
      await runOnce(url, 'SELECT 1')
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}
