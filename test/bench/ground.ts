import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, runOnce } from '@huiyuan/prisma/database/databases'
import { migrate } from '@huiyuan/prisma/database/migrate'
import { keysFrom } from '../../bff/src/keys'
import { type TestHouse, testHouse } from '../support/people'
import { PROJECT } from '../support/project'
import { type Crowd, gatherCrowd } from './crowd'
import { putUpRewards } from './put-up-rewards'
import { startScratch } from './scratch'

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

/** A database of the bench's own, migrated and with a crowd in it, on the real clock. */
export async function prepareGround(): Promise<Ground> {
  const { server, folder, close } = await startScratch()
  try {
    await createDatabase(server.url('postgres'), 'bench')
    const url = server.url('bench')
    await migrate(url)
    const masterKey = randomBytes(32).toString('base64')
    const test = testHouse(url, { connections: CLIENTS, keys: keysFrom(masterKey), now: () => new Date() })
    const crowd = await gatherCrowd(test.house)
    await putUpRewards(test.house)
    for (const file of ['bare-settle.sql', 'bare-exchange.sql', 'bare-ledger.sql'])
      await runOnce(url, readFileSync(join(PROJECT, 'test', 'bench', file), 'utf8'))
    const leave = async () => {
      await test.close().catch(() => {})
      await close()
    }
    return { url, masterKey, test, crowd, folder, analyze: () => runOnce(url, 'VACUUM ANALYZE'), close: leave }
  } catch (error) {
    await close()
    throw error
  }
}
