import { callTRPCProcedure, getErrorShape, getTRPCErrorFromUnknown, TRPCError } from '@trpc/server'
import { getHTTPStatusCode } from '@trpc/server/http'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { AppRouter } from './app-router'
import type { RequestContext } from './trpc'

const MAX_BATCH = 20

interface Call {
  path: string
  input: unknown
  type: 'query' | 'mutation'
}

interface Outcome {
  body: unknown
  status: number
}

const badRequest = (message: string) => new TRPCError({ code: 'BAD_REQUEST', message })

function jsonOf(text: unknown): unknown {
  if (text === undefined || text === '') return undefined
  try {
    return JSON.parse(String(text))
  } catch (cause) {
    throw new TRPCError({ code: 'PARSE_ERROR', cause })
  }
}

function namesOf(path: string): string[] {
  try {
    return decodeURIComponent(path.slice(1)).split(',')
  } catch {
    throw badRequest('badly encoded address')
  }
}

/**
 * Which procedures a request names. A batch names several, separated by commas, with inputs by index; a POST
 * may also carry queries (methodOverride), since WeChat's URLs are short.
 */
function callsOf(req: Request): { calls: Call[]; batch: boolean } {
  const batch = req.query.batch === '1'
  const paths = namesOf(req.path)
  if (paths.length > (batch ? MAX_BATCH : 1)) throw badRequest('too many calls in one batch')
  const input = req.method === 'POST' ? (req.body ?? undefined) : jsonOf(req.query.input)
  const inputs = batch ? (input ?? {}) : { 0: input }
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) throw badRequest('malformed batch')
  const type = req.method === 'POST' ? 'mutation' : 'query'
  return {
    batch,
    calls: paths.map((path, index) => ({ path, input: (inputs as Record<number, unknown>)[index], type })),
  }
}

interface Serving {
  router: AppRouter
  ctx: RequestContext
  signal: AbortSignal
}

async function outcomeOf({ router, ctx, signal }: Serving, call: Call, index: number): Promise<Outcome> {
  const record = router._def.procedures as unknown as Record<string, { _def: { type: string } }>
  const found = Object.hasOwn(record, call.path) ? record[call.path] : undefined
  try {
    if (!found) throw new TRPCError({ code: 'NOT_FOUND', message: 'no such procedure' })
    const type = found._def.type as Call['type']
    if (type === 'mutation' && call.type === 'query')
      throw new TRPCError({ code: 'METHOD_NOT_SUPPORTED', message: 'mutations are sent by POST' })
    const data = await callTRPCProcedure({
      router,
      path: call.path,
      getRawInput: async () => call.input,
      ctx,
      type,
      signal,
      batchIndex: index,
    })
    return { body: { result: { data } }, status: 200 }
  } catch (cause) {
    const error = getTRPCErrorFromUnknown(cause)
    const shape = getErrorShape({
      config: router._def._config,
      error,
      type: call.type,
      path: call.path,
      input: call.input,
      ctx,
    })
    return { body: { error: shape }, status: getHTTPStatusCode({ error: shape } as never) }
  }
}

const NEVER_ABORTED = new AbortController().signal

/**
 * Serves a tRPC router from Express without building a Fetch request and a stream for each call: the wire format
 * (single, batch, error shape, 207 for mixed) is tRPC's own. Bodies must have been read as JSON before.
 */
export const serveTrpc =
  (router: AppRouter, contextOf: (req: Request, res: Response) => RequestContext): RequestHandler =>
  async (req: Request, res: Response, next: NextFunction) => {
    try {
      if (req.method !== 'GET' && req.method !== 'POST') return void res.status(405).set('allow', 'GET, POST').end()
      const ctx = contextOf(req, res)
      const { outcomes, batch } = await answersOf(router, ctx, req)
      const first = outcomes[0] as Outcome
      const status = outcomes.every((one) => one.status === first.status) ? first.status : 207
      const text = JSON.stringify(batch ? outcomes.map(({ body }) => body) : first.body)
      res.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text),
      })
      res.end(text)
    } catch (error) {
      next(error)
    }
  }

async function answersOf(router: AppRouter, ctx: RequestContext, req: Request) {
  try {
    const { calls, batch } = callsOf(req)
    const serving = { router, ctx, signal: NEVER_ABORTED }
    return { batch, outcomes: await Promise.all(calls.map((call, index) => outcomeOf(serving, call, index))) }
  } catch (cause) {
    const error = getTRPCErrorFromUnknown(cause)
    const shape = getErrorShape({
      config: router._def._config,
      error,
      type: 'unknown',
      path: undefined,
      input: undefined,
      ctx,
    })
    return {
      batch: false,
      outcomes: [{ body: { error: shape }, status: getHTTPStatusCode({ error: shape } as never) }],
    }
  }
}
