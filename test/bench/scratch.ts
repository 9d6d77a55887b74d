import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { discardPostgres, type PostgresServer, startPostgres } from '@huiyuan/prisma/database/embedded-postgres'
import { processIdentity } from '@huiyuan/prisma/database/process-identity'
import pg from 'pg'
import { DATA } from '../support/project'

/** A PostgreSQL of the bench's own, and a folder for what the bench writes. */
export interface Scratch {
  server: PostgresServer
  /** The server's log, scripts. */
  folder: string
  /** Ends the server with other settings and starts it again on the same data. */
  restart: (options: ScratchOptions) => Promise<void>
  /** Ends the database and removes it. */
  close: () => Promise<void>
}

interface ScratchOptions {
  durable?: boolean
  settings?: Record<string, string | number>
}

/** Checkpoints are far apart, so that none falls into one contestant's turn and not into the other's. */
const SETTINGS = { max_connections: 400, shared_buffers: '256MB', max_wal_size: '4GB', checkpoint_timeout: '1h' }

/** Starts one that waits for the disk like a real one, unless told otherwise. */
export async function startScratch(options: ScratchOptions = {}): Promise<Scratch> {
  mkdirSync(DATA, { recursive: true })
  await sweepLeftovers()
  const place = join(DATA, `bench-${process.pid}`)
  const start = ({ durable = true, settings }: ScratchOptions) =>
    startPostgres({ folder: place, durable, settings: { ...SETTINGS, ...settings } })
  const scratch: Scratch = {
    server: await start(options),
    folder: mkdtempSync(join(tmpdir(), 'huiyuan-bench-')),
    restart: async (other) => {
      await scratch.server.stop()
      scratch.server = await start(other)
    },
    close: async () => {
      await discardPostgres(scratch.server.folder)
      rmSync(scratch.folder, { recursive: true, force: true })
    },
  }
  return scratch
}

/** The database of a bench that was killed. */
async function sweepLeftovers(): Promise<void> {
  for (const name of readdirSync(DATA)) {
    const pid = Number(/^bench-(\d+)$/.exec(name)?.[1])
    if (pid && processIdentity(pid) === null) await discardPostgres(join(DATA, name))
  }
}

/** Connections that stay open while others have their turn; one that is lost ends with the query on it, not with the process. */
export function openPool(connectionString: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString, max, idleTimeoutMillis: 0, options: '-c timezone=UTC' })
  pool.on('error', () => {})
  return pool
}

const GOING_MS = 5_000

/** Runs the work and cleans up after it, also after Ctrl-C and a polite kill. */
export async function cleaningUp(work: () => Promise<void>, close: () => Promise<void>): Promise<void> {
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Error('interrupted: cleaning up')))
  })
  const working = work()
  try {
    await Promise.race([working, interrupted])
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
  await close()
  // what was interrupted has lost its database now: it ends its own processes and goes
  await Promise.race([working.catch(() => {}), sleep(GOING_MS)])
  process.exit()
}
