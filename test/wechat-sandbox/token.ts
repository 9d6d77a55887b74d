import { randomBytes } from 'node:crypto'
import { ApiRefusal, checkKeys, type Endpoint } from './endpoint'
import type { AppTokens, SandboxApp, Token, World } from './world'

const TTL_MS = 7200_000
const OVERLAP_MS = 300_000
const FORCE_GAP_MS = 30_000
const FORCE_PER_DAY = 20
const DAY_MS = 86_400_000
const NOT_LATEST =
  'invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r'

export const tokenEndpoints: Endpoint[] = [
  {
    path: '/cgi-bin/token',
    method: 'GET',
    answer(world, asked) {
      checkGrant(asked.query.grant_type)
      const app = checkKeys(world, asked, asked.query)
      const tokens = tokensOf(world, app)
      const [last] = tokens.classic
      if (last) last.usableUntil = Math.min(last.usableUntil, world.clock.now() + OVERLAP_MS)
      return { access_token: issue(world, tokens.classic).text, expires_in: TTL_MS / 1000 }
    },
  },
  {
    path: '/cgi-bin/stable_token',
    method: 'POST',
    answer(world, asked) {
      checkGrant(asked.body.grant_type)
      const app = checkKeys(world, asked, asked.body)
      const token = asked.body.force_refresh === true ? forced(world, app) : normal(world, app)
      return { access_token: token.text, expires_in: Math.floor((token.expiresAt - world.clock.now()) / 1000) }
    },
  },
]

/** The app that owns this access token. Refuses with WeChat's numbers: 41001, 40014, 40001, 42001. */
export function checkToken(world: World, text: string | undefined): SandboxApp {
  if (!text) throw new ApiRefusal(41001, 'access_token missing')
  if (!/^[\w-]{40,512}$/.test(text)) throw new ApiRefusal(40014, 'invalid access_token')
  const now = world.clock.now()
  for (const [appid, tokens] of world.tokens) {
    const token = [...tokens.classic, ...tokens.stable].find((one) => one.text === text)
    const app = world.apps.get(appid)
    if (!token || !app) continue
    if (token.usableUntil === 0) break
    if (token.expiresAt <= now) throw new ApiRefusal(42001, 'access_token expired')
    if (token.usableUntil <= now) break
    return app
  }
  throw new ApiRefusal(40001, NOT_LATEST)
}

/** Kills every token of an app, as a reset of the secret would; stable_token in normal mode then gives a new one. */
export function killTokens(world: World, appid: string): void {
  world.tokens.delete(appid)
}

/** Makes the app's current stable token refused, while normal mode goes on handing it out: only force helps. */
export function spoilStableToken(world: World, appid: string): void {
  const [current] = world.tokens.get(appid)?.stable ?? []
  if (current) current.usableUntil = 0
}

function normal(world: World, app: SandboxApp): Token {
  const tokens = tokensOf(world, app)
  const [current] = tokens.stable
  // Renewed five minutes before the end; the old one stays usable until then.
  if (current && current.expiresAt - world.clock.now() > OVERLAP_MS) return current
  return issue(world, tokens.stable)
}

function forced(world: World, app: SandboxApp): Token {
  const tokens = tokensOf(world, app)
  const now = world.clock.now()
  tokens.forcedAt = tokens.forcedAt.filter((at) => at > now - DAY_MS)
  const last = tokens.forcedAt.at(-1)
  if (last !== undefined && now - last < FORCE_GAP_MS) return normal(world, app)
  if (tokens.forcedAt.length >= FORCE_PER_DAY) throw new ApiRefusal(45009, 'reach max api daily quota limit')
  tokens.forcedAt.push(now)
  for (const old of tokens.stable) old.usableUntil = 0
  return issue(world, tokens.stable)
}

function issue(world: World, list: Token[]): Token {
  const expiresAt = world.clock.now() + TTL_MS
  const token = { text: `90_${randomBytes(100).toString('base64url')}`, expiresAt, usableUntil: expiresAt }
  list.unshift(token)
  list.splice(50)
  return token
}

function tokensOf(world: World, app: SandboxApp): AppTokens {
  const known = world.tokens.get(app.appid)
  if (known) return known
  const tokens: AppTokens = { classic: [], stable: [], forcedAt: [] }
  world.tokens.set(app.appid, tokens)
  return tokens
}

function checkGrant(grant: unknown): void {
  if (grant !== 'client_credential') throw new ApiRefusal(40002, 'invalid grant_type')
}
