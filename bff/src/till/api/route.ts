import { fault } from '@huiyuan/shared/faults'
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Router } from 'express'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { ctxOf, type House } from '../../ctx'
import { admitCall, keyIdOf } from './admit-call'
import { tillDocument } from './document'
import { callOperation, errorTold, PROCEDURES, type Procedure, refusalTold, type Told } from './router'

const BODY_LIMIT = '256kb'

export interface TillLimits {
  /** Per client address. */
  REQUESTS_PER_MINUTE: number
  /** Per key and client address. */
  TILL_CALLS_PER_MINUTE: number
}

/**
 * The HTTP face of the till interface, to be mounted at the base of its document. A call is counted by its address and by the
 * key it names before anything is looked up, so that nobody's forged calls use up a key's own.
 */
export function tillApiRoute(house: House, limits: TillLimits): Router {
  const api = express.Router()
  const byAddress = counterOf(limits.REQUESTS_PER_MINUTE)
  const byKey = counterOf(limits.TILL_CALLS_PER_MINUTE)
  api.use((_req, res, next) => {
    res.set({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    next()
  })
  api.use(answering((req) => byAddress(req.ip ?? '')))
  let document: unknown
  api.get('/openapi.json', (_req, res) => {
    document ??= tillDocument()
    res.json(document)
  })
  const counted = answering((req) => byKey(`${keyIdOf(req.headers)} ${req.ip}`))
  // the signature is of the bytes as they came, so nothing unpacks them
  const raw = express.raw({ limit: BODY_LIMIT, type: () => true, inflate: false })
  for (const procedure of PROCEDURES) {
    const { method, path } = procedure.operation
    const at = path.replace(/\{(\w+)\}/g, ':$1')
    api[method === 'GET' ? 'get' : 'post'](
      at,
      counted,
      raw,
      answering((req) => tell(house, procedure, req)),
    )
  }
  api.use((_req, res) => send(res, refusalTold(fault('NOT_FOUND', { noun: 'operation' }))))
  api.use(lastResort)
  return api
}

async function tell(house: House, procedure: Procedure, req: Request): Promise<Told> {
  const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0)
  const till = await admitCall(house, req.headers, { method: req.method, path: req.originalUrl, body })
  const input = procedure.operation.method === 'GET' ? { ...req.query, ...req.params } : jsonOf(body)
  const verb = ctxOf(house, { kind: 'till', storeId: till.storeId, tillId: till.tillId }, req.ip ?? '', req.log)
  return callOperation(procedure, { verb, till }, input, req.rid)
}

/** What cannot be read is nothing, which no operation takes. */
function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

type Answer = (req: Request) => Promise<Told | null>

/** Answers with what `work` tells, or goes on where it tells nothing. */
const answering =
  (work: Answer): RequestHandler =>
  async (req, res, next) => {
    try {
      const told = await work(req)
      if (told) send(res, told)
      else next()
    } catch (error) {
      const told = errorTold(error, req.rid)
      if (told.status === 500) req.log.error({ err: error }, 'request failed')
      send(res, told)
    }
  }

function counterOf(perMinute: number) {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 })
  return async (who: string): Promise<Told | null> => {
    try {
      await limiter.consume(who)
      return null
    } catch (spent) {
      const retryAfterSeconds = Math.ceil((spent as { msBeforeNext: number }).msBeforeNext / 1_000)
      return refusalTold(fault('TOO_MANY', { retryAfterSeconds }))
    }
  }
}

function send(res: express.Response, { status, body }: Told): void {
  const wait = (body as { fault?: { detail: { retryAfterSeconds?: number } } }).fault?.detail.retryAfterSeconds
  if (wait !== undefined) res.set('retry-after', String(wait))
  res.status(status).json(body)
}

/** Bodies too large, packed or broken off. */
const lastResort: ErrorRequestHandler = (error, req, res, _next) => {
  const status = Number(error?.status)
  if (status >= 400 && status < 500)
    return send(
      res,
      refusalTold(
        status === 413 ? fault('TOO_LARGE') : fault('BAD_INPUT', { fields: [{ path: '', problem: 'malformed' }] }),
      ),
    )
  req.log.error({ err: error }, 'request failed')
  send(res, errorTold(error, req.rid))
}
