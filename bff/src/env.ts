import { z } from 'zod'
import { masterKeyRefusal } from './keys'
import { wechatBaseRefusal } from './wechat'

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
  WECHAT_API_BASE: z.url().default(WECHAT_API),
  WECHAT_OAUTH_BASE: z.url().default(WECHAT_OAUTH),
  WECHAT_ALLOW_OTHER_BASE: z.enum(['yes', 'no']).default('no'),
  WECHAT_PUSH_TOKEN: text.optional(),
  WECHAT_PUSH_AES_KEY: z.string().length(43).optional(),
  /** key=templateId pairs of the subscribe-message templates, separated by commas. */
  WECHAT_TEMPLATES: z.string().default(''),
  SMS_PROVIDER: z.enum(['sandbox', 'none']).default('none'),
  SMS_SANDBOX_URL: z.url().optional(),
  LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  REQUESTS_PER_MINUTE: z.coerce.number().int().positive().default(1_200),
  /** How many proxies stand in front; the client's address is taken that many steps back. */
  TRUST_PROXY: z.coerce.number().int().min(0).default(0),
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
  const noSms = read('SMS_PROVIDER') === 'sandbox' && !source.SMS_SANDBOX_URL
  return [
    ...bases.filter((problem) => problem !== null),
    ...(noSms ? ['SMS_SANDBOX_URL: needed when SMS_PROVIDER is sandbox'] : []),
  ]
}

/** `points_arrived=abc,phone_moved=def` → template key → WeChat's template id. */
export const templatesOf = (env: Env): Record<string, string> =>
  Object.fromEntries(
    env.WECHAT_TEMPLATES.split(',')
      .map((pair) => pair.trim().split('='))
      .filter((pair): pair is [string, string] => pair.length === 2),
  )
