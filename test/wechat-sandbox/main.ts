import { readApps } from '../../bff/src/wechat/apps'
import { DEMO_APPS, demoApps } from './demo-apps'
import { DEMO_PEOPLE } from './demo-people'
import { createSandbox } from './sandbox'

/**
 * The sandbox by itself. Environment, all optional: PORT, HOST, WEAPP_APPID, WEAPP_SECRET, OA_APPID, OA_SECRET, WECHAT_APPS, and
 * for pushes WECHAT_PUSH_URL, WECHAT_PUSH_TOKEN, WECHAT_PUSH_AES_KEY, and WEB_URL, where scanned codes lead.
 */
const env = process.env
const more = readApps(env.WECHAT_APPS ?? '')
if ('problem' in more) throw new Error(`WECHAT_APPS: ${more.problem}`)
const apps = demoApps({
  more,
  weapp: { appid: env.WEAPP_APPID || DEMO_APPS.weapp.appid, secret: env.WEAPP_SECRET || DEMO_APPS.weapp.secret },
  oa: { appid: env.OA_APPID || DEMO_APPS.oa.appid, secret: env.OA_SECRET || DEMO_APPS.oa.secret },
})
const [weapp] = apps
for (const app of apps) {
  const own = more.find(({ appid }) => appid === app.appid)?.push
  const [token, aesKey] = own ? [own.token, own.aesKey] : [env.WECHAT_PUSH_TOKEN, env.WECHAT_PUSH_AES_KEY]
  if (env.WECHAT_PUSH_URL && token) app.push = { url: env.WECHAT_PUSH_URL, token, ...(aesKey ? { aesKey } : {}) }
}
if (weapp && env.WEB_URL) weapp.webUrl = env.WEB_URL

const sandbox = createSandbox({ apps, people: DEMO_PEOPLE })

async function run(): Promise<void> {
  const url = await sandbox.listen(Number(env.PORT || 0), env.HOST || '127.0.0.1')
  process.stdout.write(`wechat sandbox listening on ${url}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void sandbox.close().then(() => process.exit(0)))
}

void run()
