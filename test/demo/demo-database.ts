import { join } from 'node:path'
import { createDatabase, databaseName, dropDatabase, runOnce, withDatabase } from '@huiyuan/prisma/database/databases'
import { startPostgres } from '@huiyuan/prisma/database/embedded-postgres'
import { migrate } from '@huiyuan/prisma/database/migrate'
import { isPortFree } from '@huiyuan/prisma/database/ports'
import { DATA } from '../support/project'
import { DEMO_APPS, openidOf, unionidOf } from '../wechat-sandbox'
import { UPLOAD_DIR } from './house'

/** Written on the database itself, so that a seed that was broken off goes on, and nobody's real members get demo company. */
const MARK = 'huiyuan demo'

export interface DemoDatabase {
  url: string
  /** False when the server was already running, with or without a demo on it. */
  started: boolean
  /** Starts the private server again when it was killed; returns whether that was so. */
  revive: () => Promise<boolean>
  /** Ends the private server; a server of DATABASE_URL is left alone. */
  stop: () => Promise<void>
}

/** The demo's database, made when it is missing: the one of DATABASE_URL, else one on the private PostgreSQL. */
export async function openDemoDatabase(): Promise<DemoDatabase> {
  const given = process.env.DATABASE_URL
  if (given) {
    await createIfMissing(given)
    return { url: given, started: false, revive: async () => false, stop: async () => {} }
  }
  const start = () => startPostgres({ folder: join(DATA, 'postgres'), settings: { max_connections: 200 } })
  const server = await start()
  const url = server.url('huiyuan')
  await createIfMissing(url)
  const revive = async () => (await isPortFree(server.port)) && (await start()).started
  return { url, started: server.started, revive, stop: server.stop }
}

/** Drops the demo's database and makes it anew, empty. Throws for a database that is no demo. */
export async function resetDemoDatabase(url: string): Promise<void> {
  if (!(await isDemo(url)) && !(await isEmpty(url))) {
    throw new Error('this database holds something else than the demo: it is not dropped')
  }
  await dropDatabase(withDatabase(url, 'postgres'), databaseName(url))
  await createIfMissing(url)
}

/** Brings the tables up to date; returns the names of the migrations applied. */
export const migrateDemo = (url: string): Promise<string[]> => migrate(url)

/** Writes the demo brand unless it is complete, or the database belongs to somebody's real members. */
export async function seedDemo(url: string, masterKey: string, onProgress: (words: string) => void): Promise<void> {
  if (!(await isDemo(url))) {
    if (!(await isEmpty(url))) return
    const name = databaseName(url).replaceAll('"', '""')
    await runOnce(url, `COMMENT ON DATABASE "${name}" IS '${MARK}'`)
  }
  // Read only now: it needs the Prisma client, which the start has just generated.
  const { seedDemoBrand } = await import('@huiyuan/prisma/seed/demo-brand')
  const { weapp, oa } = DEMO_APPS
  await seedDemoBrand({
    databaseUrl: url,
    masterKey,
    uploadDir: UPLOAD_DIR,
    weappAppid: weapp.appid,
    oaAppid: oa.appid,
    wechatOf: (key) => ({
      weapp: { openid: openidOf(weapp.appid, key), unionid: unionidOf(key) },
      oa: { openid: openidOf(oa.appid, key) },
    }),
    onProgress: (done, total) => onProgress(`${done} of ${total} purchases`),
  })
}

async function createIfMissing(url: string): Promise<void> {
  try {
    await runOnce(url, 'SELECT 1')
  } catch (error) {
    if ((error as { code?: string }).code !== '3D000') throw error
    await createDatabase(withDatabase(url, 'postgres'), databaseName(url))
  }
}

async function isDemo(url: string): Promise<boolean> {
  const sql =
    "SELECT shobj_description(oid, 'pg_database') AS words FROM pg_database WHERE datname = current_database()"
  return (await runOnce(url, sql)).rows[0]?.words === MARK
}

async function isEmpty(url: string): Promise<boolean> {
  const { rows } = await runOnce(url, "SELECT to_regclass('member') IS NOT NULL AS built")
  if (!rows[0].built) return true
  return !(await runOnce(url, 'SELECT EXISTS (SELECT 1 FROM member) AS inhabited')).rows[0].inhabited
}
