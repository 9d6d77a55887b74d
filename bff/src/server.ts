import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express'
import helmet from 'helmet'
import type { Logger } from 'pino'
import { pinoHttp } from 'pino-http'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { appRouter } from './app-router'
import { ctxOf, type House } from './ctx'
import type { Env } from './env'
import { withoutRows } from './plain-error'
import { exportRoute } from './privacy'
import { Refusal, toRefusal } from './refusal'
import { readActor } from './session'
import { type TillLimits, tillApiRoute } from './till'
import { faultOf, httpStatusOf, type RequestContext } from './trpc'
import { serveTrpc } from './trpc-http'
import { uploadRoutes } from './upload'
import { findApp } from './wechat'

const BODY_LIMIT = '256kb'
const SWEEP_MS = 50

declare global {
  namespace Express {
    interface Request {
      /** Names this request in the log and in a masked fault. */
      rid: string
    }
  }
}

export interface ServerParts {
  house: House
  log: Logger
  env: Pick<Env, 'WEB_DIR' | 'PUBLIC_URL' | 'TRUST_PROXY' | 'NODE_ENV'> & TillLimits
  /** Handles WeChat's pushes; absent when no push token is configured. */
  notify?: RequestHandler | undefined
  /** Sends the browser to WeChat's consent page. */
  authorizeUrl: (wish: { redirectUri: string; state: string; appid: string }) => string
  /** Whether the pages should say that this is a demonstration. */
  demo: boolean
}

export interface RunningServer {
  server: Server
  /** Says "not ready" at once, lets running requests finish, then closes. */
  drain(graceMs: number): Promise<void>
}

/** The whole HTTP face: tRPC, health, WeChat's pushes and the h5 pages. */
export function buildServer(parts: ServerParts): RunningServer {
  const state = { draining: false }
  const server = createServer(buildApp(parts, state))
  server.headersTimeout = 15_000
  server.requestTimeout = 30_000
  server.keepAliveTimeout = 65_000
  const drain = (graceMs: number) =>
    new Promise<void>((resolve) => {
      state.draining = true
      const force = setTimeout(() => server.closeAllConnections(), graceMs)
      // a kept-alive connection is only idle once its running request has been answered
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
      server.close(() => {
        clearTimeout(force)
        clearInterval(sweep)
        resolve()
      })
    })
  return { server, drain }
}

type App = ReturnType<typeof express>

function buildApp(parts: ServerParts, state: { draining: boolean }): App {
  const { house, log, env } = parts
  const app = express()
  app.set('trust proxy', env.TRUST_PROXY)
  app.set('etag', false)
  app.disable('x-powered-by')
  app.set('query parser', 'simple')
  app.get('/health/live', (_req, res) => void res.json({ live: true }))
  app.get('/health/ready', readiness(house, state))
  app.use(requestLog(log))
  app.use('/trpc', apiHeaders, rateLimit(env.REQUESTS_PER_MINUTE), express.json({ limit: BODY_LIMIT, strict: false }))
  app.use('/trpc', serveTrpc(appRouter, contextOf(house)))
  app.use('/api/v1', tillApiRoute(house, env))
  app.get('/export', rateLimit(env.REQUESTS_PER_MINUTE), exportRoute(house))
  app.use(
    '/upload',
    rateLimit(env.REQUESTS_PER_MINUTE),
    uploadRoutes(house, async (req) =>
      ctxOf(house, await readActor(house, req.headers.authorization), req.ip ?? '', req.log),
    ),
  )
  if (parts.notify) app.all('/wechat/notify', express.raw({ limit: BODY_LIMIT, type: () => true }), parts.notify)
  app.use(pageHeaders())
  app.get('/h5-config.json', (req, res) => {
    const config = h5Config(parts, req.query.app)
    res.status(config ? 200 : 400).json(config ?? { error: 'not an official account of this brand' })
  })
  if (env.WEB_DIR) serveWeb(app, env.WEB_DIR)
  app.use((_req, res) => void res.status(404).json({ error: 'not found' }))
  app.use(lastResort(log))
  return app
}

const readiness =
  (house: House, state: { draining: boolean }): RequestHandler =>
  async (_req, res) => {
    const database = await house.prisma.$queryRaw`SELECT 1`.then(
      () => true,
      () => false,
    )
    const ready = database && !state.draining
    res.status(ready ? 200 : 503).json({ ready, database, draining: state.draining })
  }

/** One line per request, with its id; never a query string, a header or a body: codes and tokens travel in them. */
const requestLog = (log: Logger): RequestHandler =>
  pinoHttp({
    logger: log,
    genReqId: (req, res) => {
      const rid = randomUUID()
      ;(req as Request).rid = rid
      res.setHeader('x-request-id', rid)
      return rid
    },
    autoLogging: { ignore: (req) => req.url === '/favicon.ico' },
    serializers: {
      req: (req) => ({ id: req.id, method: req.method, path: String(req.url).split('?')[0] }),
      res: (res) => ({ status: res.statusCode }),
      err: withoutRows,
    },
  })

/** The few headers a JSON answer needs; helmet's page headers follow for pages. */
const apiHeaders: RequestHandler = (_req, res, next) => {
  res.setHeader('cache-control', 'no-store')
  res.setHeader('x-content-type-options', 'nosniff')
  next()
}

const pageHeaders = (): RequestHandler =>
  helmet({
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        // a picture that somebody chose is read by its blob: address before it is sent
        connectSrc: ["'self'", 'blob:'],
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  })

function rateLimit(requestsPerMinute: number): RequestHandler {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 })
  return (req, res, next) => {
    limiter.consume(req.ip ?? '').then(
      () => next(),
      (spent: { msBeforeNext: number }) => {
        const retryAfterSeconds = Math.ceil(spent.msBeforeNext / 1000)
        const told = { code: 'TOO_MANY', detail: { retryAfterSeconds } }
        const shape = {
          message: told.code,
          code: -32029,
          data: { code: 'TOO_MANY_REQUESTS', httpStatus: 429, fault: told },
        }
        const body = { error: shape }
        res
          .status(429)
          .set('retry-after', String(retryAfterSeconds))
          .json(req.query.batch === '1' ? [body] : body)
      },
    )
  }
}

const contextOf =
  (house: House) =>
  (req: Request): RequestContext => {
    let actor: ReturnType<typeof readActor> | undefined
    return {
      house,
      requestId: req.rid,
      clientIp: req.ip ?? '',
      log: req.log,
      actor: () => {
        actor ??= readActor(house, req.headers.authorization)
        return actor
      },
    }
  }

/** What the pages need to know before anybody signs in; `wanted` is the official account whose menu led here. */
function h5Config({ authorizeUrl, env, house, demo }: ServerParts, wanted: unknown) {
  const app = findApp(house, 'oa', typeof wanted === 'string' ? wanted : undefined)
  if (!app) return null
  const wish = { redirectUri: `${env.PUBLIC_URL}/`, state: 'STATE', appid: app.appid }
  return { oauthAppid: app.appid, oauthAuthorizeUrl: authorizeUrl(wish), demo }
}

function serveWeb(app: App, dir: string): void {
  const hashed = /\.[0-9a-f]{8,}\.(?:js|css)$/
  app.use(
    express.static(dir, {
      index: 'index.html',
      setHeaders: (res, path) =>
        void res.setHeader('cache-control', hashed.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache'),
    }),
  )
  app.get('/', (_req, res) => res.sendFile(join(dir, 'index.html')))
}

/** Bodies too large or not JSON, and whatever else went wrong before a procedure ran; nothing inside leaves. */
const lastResort =
  (log: Logger): ErrorRequestHandler =>
  (error, req, res, _next) => {
    if (res.headersSent) return void res.destroy()
    const refusal = toRefusal(error)
    if (refusal instanceof Refusal) {
      const { code } = refusal.fault
      const data = { httpStatus: httpStatusOf(code), fault: refusal.fault }
      return void res
        .status(data.httpStatus)
        .set('cache-control', 'no-store')
        .json({ error: { message: code, code: -32600, data } })
    }
    const status = Number.isInteger(error?.status) && error.status >= 400 && error.status < 500 ? error.status : 500
    if (status === 500) (req.log ?? log).error({ rid: req.rid, err: error }, 'request failed')
    const told =
      status === 413
        ? { code: 'TOO_LARGE', detail: {} }
        : status < 500
          ? { code: 'BAD_INPUT', detail: { fields: [{ path: '', problem: 'malformed' }] } }
          : faultOf(error, req.rid)
    const body = { error: { message: told.code, code: -32600, data: { httpStatus: status, fault: told } } }
    res.status(status).json(req.query?.batch === '1' ? [body] : body)
  }
