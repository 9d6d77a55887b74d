import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, runOnce } from '@huiyuan/prisma/database/databases'
import { discardPostgres, startPostgres } from '@huiyuan/prisma/database/embedded-postgres'
import { generateClient } from '@huiyuan/prisma/database/generate'
import { migrate } from '@huiyuan/prisma/database/migrate'
import { processIdentity } from '@huiyuan/prisma/database/process-identity'
import { keysFrom } from '../../bff/src/keys'
import { type TestHouse, testHouse } from '../support/people'
import { DATA, PROJECT } from '../support/project'
import { type Crowd, gatherCrowd } from './crowd'
import { putUpRewards } from './put-up-rewards'

/** How many ask at once; the server holds as many connections to the database. */
export const CLIENTS = 16

export interface Ground {
  url: string
  masterKey: string
  /** A house in this process, on the real clock. */
  test: TestHouse
  crowd: Crowd
  /** For files that the bench writes: the server's log, scripts. */
  folder: string
  /** What PostgreSQL does by itself after a while: learns how large the tables have become. */
  analyze: () => Promise<unknown>
  /** Ends the database and removes it. */
  close: () => Promise<void>
}

/**
 * A PostgreSQL of the bench's own that waits for the disk like a real one, migrated and with a crowd in it. Checkpoints
 * are far apart, so that none falls into one contestant's turn and not into the other's.
 */
export async function prepareGround(): Promise<Ground> {
  mkdirSync(DATA, { recursive: true })
  await sweepLeftovers()
  await generateClient()
  const settings = { max_connections: 150, shared_buffers: '256MB', max_wal_size: '4GB', checkpoint_timeout: '1h' }
  const server = await startPostgres({ folder: join(DATA, `bench-${process.pid}`), settings })
  try {
    await createDatabase(server.url('postgres'), 'bench')
    const url = server.url('bench')
    await migrate(url)
    const masterKey = randomBytes(32).toString('base64')
    const test = testHouse(url, { connections: CLIENTS, keys: keysFrom(masterKey), now: () => new Date() })
    const crowd = await gatherCrowd(test.house)
    await putUpRewards(test.house)
    for (const file of ['bare-settle.sql', 'bare-exchange.sql'])
      await runOnce(url, readFileSync(join(PROJECT, 'test', 'bench', file), 'utf8'))
    const folder = mkdtempSync(join(tmpdir(), 'huiyuan-bench-'))
    const close = async () => {
      await test.close()
      await discardPostgres(server.folder)
      rmSync(folder, { recursive: true, force: true })
    }
    return { url, masterKey, test, crowd, folder, analyze: () => runOnce(url, 'VACUUM ANALYZE'), close }
  } catch (error) {
    await discardPostgres(server.folder)
    throw error
  }
}

/** The database of a bench that was killed. */
async function sweepLeftovers(): Promise<void> {
  for (const name of readdirSync(DATA)) {
    const pid = Number(/^bench-(\d+)$/.exec(name)?.[1])
    if (pid && processIdentity(pid) === null) await discardPostgres(join(DATA, name))
  }
}
