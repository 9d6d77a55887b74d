import { join } from 'node:path'
import { freePort } from '@huiyuan/prisma/database/ports'
import { BFF_MAIN, H5_DIST } from '../support/builds'
import { DATA } from '../support/project'
import { DEMO_APPS, DEMO_TEMPLATES } from '../wechat-sandbox'
import type { ChildSpec } from './processes'
import type { DemoSecrets } from './secrets'

const SERVER_PORT = 8787
const SANDBOX_PORT = 8788

/** Pictures that the demo's members hand in. */
export const UPLOAD_DIR = join(DATA, 'demo', 'uploads')

/** The two processes of the demo and where they will be found. */
export interface DemoHouse {
  server: ChildSpec
  sandbox: ChildSpec
  serverUrl: string
  sandboxUrl: string
}

/** Plans the demo on the usual ports, or on free ones when somebody else has those. */
export async function planHouse(databaseUrl: string, secrets: DemoSecrets): Promise<DemoHouse> {
  const [serverPort, sandboxPort] = [await freePort(SERVER_PORT), await freePort(SANDBOX_PORT)]
  const [serverUrl, sandboxUrl] = [`http://127.0.0.1:${serverPort}`, `http://127.0.0.1:${sandboxPort}`]
  const { weapp, oa } = DEMO_APPS
  const shared = {
    HOST: '127.0.0.1',
    WEAPP_APPID: weapp.appid,
    WEAPP_SECRET: weapp.secret,
    OA_APPID: oa.appid,
    OA_SECRET: oa.secret,
    WECHAT_PUSH_TOKEN: secrets.pushToken,
    WECHAT_PUSH_AES_KEY: secrets.pushAesKey,
  }
  const templates = Object.entries(DEMO_TEMPLATES).map(([key, { templateId }]) => `${key}=${templateId}`)
  return {
    serverUrl,
    sandboxUrl,
    sandbox: {
      name: 'sandbox',
      args: ['--import', 'tsx', 'test/wechat-sandbox/main.ts'],
      env: { ...shared, PORT: String(sandboxPort), WECHAT_PUSH_URL: `${serverUrl}/wechat/notify`, WEB_URL: serverUrl },
    },
    server: {
      name: 'server',
      args: ['--enable-source-maps', BFF_MAIN],
      env: {
        ...shared,
        NODE_ENV: 'development',
        PORT: String(serverPort),
        PUBLIC_URL: serverUrl,
        DATABASE_URL: databaseUrl,
        WEB_DIR: H5_DIST,
        UPLOAD_DIR,
        MASTER_KEY: secrets.masterKey,
        WECHAT_API_BASE: sandboxUrl,
        WECHAT_OAUTH_BASE: sandboxUrl,
        WECHAT_TEMPLATES: templates.join(','),
        SMS_PROVIDER: 'sandbox',
        SMS_SANDBOX_URL: sandboxUrl,
        ALLOW_LOCAL_WEBHOOKS: 'yes',
        LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
      },
    },
  }
}
