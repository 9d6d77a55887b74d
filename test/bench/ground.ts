import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, runOnce } from '@huiyuan/prisma/database/databases'
import { discardPostgres, startPostgres } from '@huiyuan/prisma/database/embedded-postgres'
import { generateClient } from '@huiyuan/prisma/database/generate'
import { migrate } from '@huiyuan/prisma/database/migrate'
import { keysFrom } from '../../bff/src/keys'
import { type TestHouse, testHouse } from '../support/people'
import { DATA, PROJECT } from '../support/project'
import { type Crowd, gatherCrowd } from './crowd'

/** How many ask at once; the server holds as many connections to the database. */
export const CLIENTS = 16

export interface Ground {
  url: string
  masterKey: string
  /** A house in this process, on the real clock. */
  test: TestHouse
  crowd: Crowd
  /** Ends the database and removes it. */
  close: () => Promise<void>
}

/**
 * A PostgreSQL of the bench's own that waits for the disk like a real one, migrated and with a crowd in it. Checkpoints
 * are far apart, so that none falls into one contestant's turn and not into the other's.
 */
export async function prepareGround(): Promise<Ground> {
  const folder = join(DATA, `bench-${process.pid}`)
  mkdirSync(DATA, { recursive: true })
  await generateClient()
  const settings = { max_connections: 150, shared_buffers: '256MB', max_wal_size: '4GB', checkpoint_timeout: '1h' }
  const server = await startPostgres({ folder, settings })
  try {
    await createDatabase(server.url('postgres'), 'bench')
    const url = server.url('bench')
    await migrate(url)
    const masterKey = randomBytes(32).toString('base64')
    const test = testHouse(url, { connections: CLIENTS, keys: keysFrom(masterKey), now: () => new Date() })
    const crowd = await gatherCrowd(test.house)
    await runOnce(url, readFileSync(join(PROJECT, 'test', 'bench', 'bare-settle.sql'), 'utf8'))
    const close = async () => {
      await test.close()
      await discardPostgres(server.folder)
    }
    return { url, masterKey, test, crowd, close }
  } catch (error) {
    await discardPostgres(server.folder)
    throw error
  }
}
