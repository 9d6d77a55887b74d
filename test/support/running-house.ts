import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import { createInterface } from 'node:readline'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client'
import type { AppRouter } from '../../bff/src/app-router'
import { createSandbox, DEMO_APPS, DEMO_PEOPLE, DEMO_TEMPLATES, demoApps, type Sandbox } from '../wechat-sandbox'
import { BFF_MAIN, H5_DIST } from './builds'

/** The settings of a server for tests; every one may be overridden. */
export const houseEnv = (databaseUrl: string, wechatUrl: string, masterKey: string): Record<string, string> => ({
  NODE_ENV: 'test',
  DATABASE_URL: databaseUrl,
  HOST: '127.0.0.1',
  PORT: '0',
  MASTER_KEY: masterKey,
  WEAPP_APPID: DEMO_APPS.weapp.appid,
  WEAPP_SECRET: DEMO_APPS.weapp.secret,
  OA_APPID: DEMO_APPS.oa.appid,
  OA_SECRET: DEMO_APPS.oa.secret,
  WECHAT_API_BASE: wechatUrl,
  WECHAT_OAUTH_BASE: wechatUrl,
  WECHAT_PUSH_TOKEN: 'push-token',
  WECHAT_TEMPLATES: Object.entries(DEMO_TEMPLATES)
    .map(([key, { templateId }]) => `${key}=${templateId}`)
    .join(','),
  SMS_PROVIDER: 'sandbox',
  SMS_SANDBOX_URL: wechatUrl,
  LOG_LEVEL: 'info',
  REQUESTS_PER_MINUTE: '1000000',
  TILL_CALLS_PER_MINUTE: '1000000',
  ALLOW_LOCAL_WEBHOOKS: 'yes',
  JOBS: 'off',
})

/** One server process. `lines` is everything it wrote to its log. */
export interface BffProcess {
  url: string
  lines: string[]
  child: ChildProcess
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts the built server with exactly this environment and waits until it listens. Throws with its last words. */
export async function startBff(env: Record<string, string>): Promise<BffProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', BFF_MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => lines.push(line))
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      lines.push(line)
      const heard = /"port":(\d+),"msg":"listening"/.exec(line)
      if (heard) resolve(Number(heard[1]))
    })
    void ended.then((code) => reject(new Error(`the server ended with ${code}:\n${lines.slice(-20).join('\n')}`)))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    lines,
    child,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return ended
    },
  }
}

export interface RunningHouse {
  sandbox: Sandbox
  bffs: BffProcess[]
  masterKey: string
  env: Record<string, string>
  /** Where the pictures of all its servers lie. */
  uploadDir: string
  /** Ends everything that was started here. */
  stop(): Promise<void>
}

/** A WeChat sandbox and `processes` servers on one migrated database. */
export async function startHouse(
  databaseUrl: string,
  { processes = 1, web = false, env = {} }: { processes?: number; web?: boolean; env?: Record<string, string> } = {},
): Promise<RunningHouse> {
  const apps = demoApps(DEMO_APPS)
  // a scanned code leads into these pages
  if (web && env.PUBLIC_URL && apps[0]) apps[0].webUrl = env.PUBLIC_URL
  const sandbox = createSandbox({ apps, people: DEMO_PEOPLE })
  const uploadDir = pathOf(tmpdir(), `huiyuan-test-${randomUUID()}`)
  const masterKey = randomBytes(32).toString('base64')
  const full = {
    ...houseEnv(databaseUrl, await sandbox.listen(), masterKey),
    ...(web ? { WEB_DIR: H5_DIST } : {}),
    UPLOAD_DIR: uploadDir,
    ...env,
  }
  const bffs = await Promise.all(Array.from({ length: processes }, () => startBff(full)))
  const stop = async () => {
    await Promise.all(bffs.map((bff) => bff.stop()))
    await sandbox.close()
    await rm(uploadDir, { recursive: true, force: true })
  }
  return { sandbox, bffs, masterKey, env: full, uploadDir, stop }
}

/** A typed client of one server; `token` is asked before each call. */
export const clientOf = (url: string, token: () => string | undefined = () => undefined) =>
  createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${url}/trpc`,
        maxItems: 10,
        headers: () => {
          const bearer = token()
          return bearer ? { authorization: `Bearer ${bearer}` } : {}
        },
      }),
    ],
  })

export type Client = ReturnType<typeof clientOf>

/** Somebody with a phone in the hand: a client that carries its own token. */
export interface Person {
  api: Client
  token: string | undefined
  memberId: string
}

export const strangerAt = (url: string): Person => {
  const person: Person = { token: undefined, memberId: '', api: undefined as never }
  person.api = clientOf(url, () => person.token)
  return person
}

const place = { deviceLabel: '测试手机', platform: 'weapp' as const }

/** Signs a person of the sandbox in by mini-program code. A known one comes back as member, else as guest. */
export async function signIn(sandbox: Sandbox, url: string, key: string): Promise<Person & { guest: boolean }> {
  const person = strangerAt(url)
  const opened = await person.api.session.open.mutate({
    door: { kind: 'weapp', code: sandbox.control.loginCode(key) },
    ...place,
  })
  person.token = opened.kind === 'guest' ? opened.guestToken : opened.tokens.accessToken
  if (opened.kind === 'member') person.memberId = opened.memberId
  return Object.assign(person, { guest: opened.kind === 'guest' })
}

/** Signs in and joins, with the phone of WeChat when asked for. */
export async function join(sandbox: Sandbox, url: string, key: string, wish: JoinWish = {}) {
  return joinAs(sandbox, await signIn(sandbox, url, key), key, wish)
}

export interface JoinWish {
  phone?: boolean
  /** Where the person came from, as the phone tells it. */
  arrival?: { channel: string; link?: string; scene?: number }
}

/** Makes a guest a member. */
export async function joinAs(sandbox: Sandbox, person: Person, key: string, { phone = false, arrival }: JoinWish = {}) {
  const joined = await person.api.session.join.mutate({
    requestId: randomUUID(),
    consentVersion: DEMO_POLICY.consentVersion,
    ...(phone ? { phone: { kind: 'weapp' as const, code: sandbox.control.phoneCode(key) } } : {}),
    ...(arrival ? { arrival } : {}),
    ...place,
  })
  person.token = joined.tokens.accessToken
  person.memberId = joined.memberId
  return { ...person, joined }
}

/** The fault a call was refused with. Throws when it was not refused. */
export async function faultOf(call: Promise<unknown>): Promise<{ code: string; detail: Record<string, unknown> }> {
  try {
    await call
  } catch (error) {
    if (error instanceof TRPCClientError) return error.data?.fault ?? { code: `NO_FAULT: ${error.message}`, detail: {} }
    throw error
  }
  throw new Error('the call was not refused')
}
