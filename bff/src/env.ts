import { z } from 'zod'
import { wechatBaseRefusal } from './wechat'

const text = z.string().min(1)

const Env = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test']).default('production'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  HOST: text.default('0.0.0.0'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
  PUBLIC_URL: z.url().default('http://127.0.0.1:8787'),
  /** Folder of the built h5 pages; without it the server only speaks tRPC. */
  WEB_DIR: text.optional(),
  MASTER_KEY: z.string().refine((key) => Buffer.from(key, 'base64').length === 32, 'must be 32 bytes in base64'),
  WEAPP_APPID: text,
  WEAPP_SECRET: text,
  OA_APPID: text,
  OA_SECRET: text,
  WECHAT_API_BASE: z.url().default('https://api.weixin.qq.com'),
  WECHAT_OAUTH_BASE: z.url().default('https://open.weixin.qq.com'),
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
  if (parsed.success) problems.push(...crossProblems(parsed.data))
  if (problems.length > 0) throw new Error(`The settings cannot be used:\n  ${problems.join('\n  ')}`)
  return parsed.data as Env
}

function crossProblems(env: Env): string[] {
  const problems: string[] = []
  const base = wechatBaseRefusal({
    apiBase: env.WECHAT_API_BASE,
    oauthBase: env.WECHAT_OAUTH_BASE,
    production: env.NODE_ENV === 'production',
    allowOther: env.WECHAT_ALLOW_OTHER_BASE === 'yes',
  })
  if (base) problems.push(base)
  if (env.SMS_PROVIDER === 'sandbox' && !env.SMS_SANDBOX_URL)
    problems.push('SMS_SANDBOX_URL: needed when SMS_PROVIDER is sandbox')
  return problems
}

/** `points_arrived=abc,phone_moved=def` → template key → WeChat's template id. */
export const templatesOf = (env: Env): Record<string, string> =>
  Object.fromEntries(
    env.WECHAT_TEMPLATES.split(',')
      .map((pair) => pair.trim().split('='))
      .filter((pair): pair is [string, string] => pair.length === 2),
  )
