import type { SandboxApp, World } from './world'

/** WeChat's no: HTTP 200 with a number and words. */
export class ApiRefusal extends Error {
  constructor(
    readonly errcode: number,
    readonly errmsg: string,
  ) {
    super(errmsg)
  }
}

/** An answer that is no JSON but the bytes of a picture. */
export class Picture {
  constructor(
    readonly mime: string,
    readonly bytes: Buffer,
  ) {}
}

/** What an endpoint is given: `body` is an object, parsed; `origin` is where the caller found the sandbox. */
export interface Asked {
  origin: string
  query: Record<string, string>
  body: Record<string, unknown>
  ip: string
}

/** One path of WeChat's. With `token` it needs a valid access token and gets the app that owns it. */
export type Endpoint = { path: string; method: 'GET' | 'POST' } & (
  | { token?: false; answer(world: World, asked: Asked): object | Promise<object> }
  | { token: true; answer(world: World, asked: Asked, app: SandboxApp): object | Promise<object> }
)

/** The app that appid and secret name; the checks and numbers are the same on login, token and OAuth. */
export function checkKeys(world: World, asked: Asked, given: { appid?: unknown; secret?: unknown }): SandboxApp {
  if (!given.appid) throw new ApiRefusal(41002, 'appid missing')
  if (!given.secret) throw new ApiRefusal(41004, 'appsecret missing')
  const app = world.apps.get(String(given.appid))
  if (!app) throw new ApiRefusal(40013, 'invalid appid')
  if (app.secret !== given.secret) throw new ApiRefusal(40125, 'invalid appsecret')
  if (app.allowIps && !app.allowIps.includes(asked.ip)) {
    throw new ApiRefusal(40164, `invalid ip ${asked.ip}, not in whitelist`)
  }
  return app
}

/** A field that must be a text of at least one character. */
export function getText(body: Record<string, unknown>, name: string): string {
  const value = body[name]
  if (typeof value !== 'string' || value === '') throw new ApiRefusal(47001, 'data format error')
  return value
}
