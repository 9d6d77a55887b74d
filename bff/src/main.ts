import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { pino } from 'pino'
import type { House } from './ctx'
import { openDatabase } from './db'
import { type Env, pushSetupsOf, readEnv, templatesOf } from './env'
import { startJobs } from './jobs'
import { openRingSoon } from './key'
import { keysFrom } from './keys'
import { notifyRoute } from './notify'
import { diskPictures } from './picture-store'
import { registry } from './registry'
import { buildServer } from './server'
import { noSender, sandboxSender } from './sms'
import { createWechat, databaseTokenStore } from './wechat'

const DRAIN_MS = 10_000
/** What did not end in time must not keep the process from ending. */
const CLOSE_MS = 2_000

async function main(env: Env): Promise<void> {
  const log = pino({ level: env.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime })
  const keys = keysFrom(env.MASTER_KEY)
  // the rotation of keys sees by it who seals with which
  const database = openDatabase(env.DATABASE_URL, undefined, `huiyuan key ${keys.current}`)
  const wechat = createWechat({
    apiBase: env.WECHAT_API_BASE,
    oauthBase: env.WECHAT_OAUTH_BASE,
    apps: {
      weapp: { appid: env.WEAPP_APPID, secret: env.WEAPP_SECRET },
      oa: { appid: env.OA_APPID, secret: env.OA_SECRET },
      more: env.WECHAT_APPS,
    },
    tokenStore: databaseTokenStore(database.prisma, keys),
    log,
  })
  const house: House = {
    prisma: database.prisma,
    sql: database.sql,
    now: () => new Date(),
    wechat,
    weappId: env.WEAPP_APPID,
    oaAppId: env.OA_APPID,
    templates: templatesOf(env),
    sendText: env.SMS_PROVIDER === 'sandbox' && env.SMS_SANDBOX_URL ? sandboxSender(env.SMS_SANDBOX_URL) : noSender,
    outside: { allowLocal: env.ALLOW_LOCAL_WEBHOOKS === 'yes' },
    pictures: diskPictures(env.UPLOAD_DIR),
    publicUrl: env.PUBLIC_URL.replace(/\/+$/, ''),
    keys,
    policy: DEMO_POLICY,
    registry,
    log,
  }
  const pushSetups = pushSetupsOf(env)
  const { server, drain } = buildServer({
    house,
    log,
    env,
    authorizeUrl: (wish) => wechat.authorizeUrl(wish),
    demo: env.SMS_PROVIDER === 'sandbox',
    notify: pushSetups.length > 0 ? notifyRoute(house, pushSetups) : undefined,
  })
  await openRingSoon(house, (problem) => {
    log.error(problem.message)
    process.exit(1)
  })
  const stopJobs = env.JOBS === 'on' ? startJobs(house, env.DATABASE_URL) : async () => {}
  server.once('error', (error) => {
    process.stderr.write(`cannot listen on ${env.HOST}:${env.PORT}: ${error.message}\n`)
    process.exit(1)
  })
  server.listen(env.PORT, env.HOST, () => {
    log.info({ port: (server.address() as AddressInfo).port }, 'listening')
  })
  const stop = async (signal: string) => {
    log.info({ signal }, 'draining')
    await Promise.all([drain(DRAIN_MS), stopJobs(DRAIN_MS)])
    await Promise.race([database.close(), pause(CLOSE_MS)])
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop('SIGTERM'))
  process.once('SIGINT', () => void stop('SIGINT'))
}

try {
  await main(readEnv())
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
