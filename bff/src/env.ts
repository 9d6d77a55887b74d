import { z } from 'zod'
import { masterKeyRefusal } from './keys'
import { type PushSetup, readApps, wechatBaseRefusal } from './wechat'

const text = z.string().min(1)
const WECHAT_API = 'https://api.weixin.qq.com'
const WECHAT_OAUTH = 'https://open.weixin.qq.com'

const Env = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test']).default('production'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  HOST: text.default('0.0.0.0'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
  PUBLIC_URL: z.url().default('http://127.0.0.1:8787'),
  /** Folder of the built h5 pages; without it the server only speaks tRPC. */
  WEB_DIR: text.optional(),
  MASTER_KEY: z.string().superRefine((key, context) => {
    const message = masterKeyRefusal(key)
    if (message) context.addIssue({ code: 'custom', message })
  }),
  WEAPP_APPID: text,
  WEAPP_SECRET: text,
  OA_APPID: text,
  OA_SECRET: text,
  /** The brand's other apps: `kind:appid:secret[:pushToken[:pushAesKey[:platform]]]`, kind weapp or oa, separated by commas. */
  WECHAT_APPS: z
    .string()
    .default('')
    .transform((written, context) => {
      const apps = readApps(written)
      if (!('problem' in apps)) return apps
      context.addIssue({ code: 'custom', message: apps.problem })
      return z.NEVER
    }),
  WECHAT_API_BASE: z.url().default(WECHAT_API),
  WECHAT_OAUTH_BASE: z.url().default(WECHAT_OAUTH),
  WECHAT_ALLOW_OTHER_BASE: z.enum(['yes', 'no']).default('no'),
  WECHAT_PUSH_TOKEN: text.optional(),
  WECHAT_PUSH_AES_KEY: z.string().length(43).optional(),
  /** key=templateId pairs of the subscribe-message templates, separated by commas; of another app appid/key=templateId. */
  WECHAT_TEMPLATES: z.string().default(''),
  SMS_PROVIDER: z.enum(['sandbox', 'none']).default('none'),
  SMS_SANDBOX_URL: z.url().optional(),
  LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  REQUESTS_PER_MINUTE: z.coerce.number().int().positive().default(1_200),
  /** Signed calls of one till key from one address, before it is told to wait. */
  TILL_CALLS_PER_MINUTE: z.coerce.number().int().positive().default(600),
  /** yes: webhooks may go to this machine and its network, without TLS; for demonstrations and tests only. */
  ALLOW_LOCAL_WEBHOOKS: z.enum(['yes', 'no']).default('no'),
  /** How many proxies stand in front; the client's address is taken that many steps back. */
  TRUST_PROXY: z.coerce.number().int().min(0).default(0),
  /** Where pictures of members lie; one folder for all processes. */
  UPLOAD_DIR: text.default('.data/uploads'),
  JOBS: z.enum(['on', 'off']).default('on'),
})

export type Env = z.infer<typeof Env>

/**
 * The server's settings, read once. @throws Error naming every bad value, so that one start shows all problems.
 */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const parsed = Env.safeParse(source)
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  problems.push(...crossProblems(source))
  if (!parsed.success || problems.length > 0)
    throw new Error(`The settings cannot be used:\n  ${problems.join('\n  ')}`)
  return parsed.data
}

/** What does not fit together, judged also where another setting is bad by itself. */
function crossProblems(source: Record<string, string | undefined>): string[] {
  const read = <K extends keyof Env>(name: K) => Env.shape[name].safeParse(source[name]).data as Env[K] | undefined
  const wechat = { apiBase: WECHAT_API, oauthBase: WECHAT_OAUTH, production: read('NODE_ENV') === 'production' }
  const allowOther = read('WECHAT_ALLOW_OTHER_BASE') === 'yes'
  const bases = [
    wechatBaseRefusal({ ...wechat, allowOther, apiBase: read('WECHAT_API_BASE') ?? WECHAT_API }),
    wechatBaseRefusal({ ...wechat, allowOther, oauthBase: read('WECHAT_OAUTH_BASE') ?? WECHAT_OAUTH }),
  ]
  const main = [source.WEAPP_APPID, source.OA_APPID]
  const twice = (read('WECHAT_APPS') ?? []).some(({ appid }) => main.includes(appid))
  const noSms = read('SMS_PROVIDER') === 'sandbox' && !source.SMS_SANDBOX_URL
  return [
    ...bases.filter((problem) => problem !== null),
    ...(twice ? ['WECHAT_APPS: the main apps do not stand here again'] : []),
    ...(noSms ? ['SMS_SANDBOX_URL: needed when SMS_PROVIDER is sandbox'] : []),
  ]
}

/** One set of push settings per console; apps without settings of their own share the main ones. */
export function pushSetupsOf(env: Env): PushSetup[] {
  const { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: aesKey } = env
  const shared = env.WECHAT_APPS.filter(({ push }) => !push).map(({ appid }) => appid)
  const appids = [env.WEAPP_APPID, env.OA_APPID, ...shared]
  return [
    ...(token ? [{ token, appids, ...(aesKey ? { aesKey } : {}) }] : []),
    ...env.WECHAT_APPS.flatMap(({ appid, push }) => (push ? [{ ...push, appids: [appid] }] : [])),
  ]
}

/** `points_arrived=abc,wx2/points_arrived=def` → template key, with its app where it is not the main one → WeChat's template id. */
export const templatesOf = (env: Env): Record<string, string> =>
  Object.fromEntries(
    env.WECHAT_TEMPLATES.split(',')
      .map((pair) => pair.trim().split('='))
      .filter((pair): pair is [string, string] => pair.length === 2),
  )
