import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import express, { type RequestHandler } from 'express'
import { z } from 'zod'
import type { AppRouter } from './app-router'
import type { House } from './ctx'
import { refuse } from './refusal'
import { openProcedure, type RequestContext, router } from './trpc'
import { serveTrpc } from './trpc-http'

const echo = z.object({ text: z.string().max(20) })
const tried = router({
  plain: openProcedure.query(() => ({ ok: true, at: '2026-11-22', none: undefined, words: '中文 💥 \u2028' })),
  nothing: openProcedure.query(() => undefined),
  deep: router({ echo: openProcedure.input(echo).query(({ input }) => input) }),
  write: openProcedure.input(echo).mutation(({ input }) => ({ wrote: input.text })),
  bare: openProcedure.mutation(() => 7),
  refused: openProcedure.query(() => refuse('CLAIM_WRONG', { triesLeft: 2 })),
  away: openProcedure.mutation(() => refuse('SERVICE_AWAY')),
  broken: openProcedure.query(() => {
    throw new Error('SELECT secret FROM inside')
  }),
})

const house = { log: { info() {}, warn() {}, error() {} } } as unknown as House
const context = (): RequestContext => ({
  house,
  requestId: 'rid-1',
  clientIp: '',
  log: house.log,
  actor: async () => ({ kind: 'nobody' }),
})

const servers: Server[] = []
async function serve(...handlers: RequestHandler[]): Promise<string> {
  const app = express()
  app.set('query parser', 'simple')
  app.use('/trpc', ...handlers)
  app.use(
    ((error, _req, res, _next) => void res.status(500).json({ failed: String(error) })) as express.ErrorRequestHandler,
  )
  const server = await new Promise<Server>((listening) => {
    const one = app.listen(0, '127.0.0.1', () => listening(one))
  })
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/trpc`
}

let ours: string
let stock: string
beforeAll(async () => {
  const json = express.json({ limit: '256kb', strict: false })
  ours = await serve(json, serveTrpc(tried as unknown as AppRouter, context))
  stock = await serve(
    createExpressMiddleware({ router: tried, allowMethodOverride: true, createContext: context, maxBatchSize: 20 }),
  )
})
afterAll(() => {
  for (const server of servers) server.closeAllConnections()
  return Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
})

interface Ask {
  path: string
  method?: 'GET' | 'POST'
  body?: unknown
  input?: unknown
  batch?: boolean
}
async function ask(base: string, { path, method = 'GET', body, input, batch }: Ask) {
  const query = new URLSearchParams()
  if (batch) query.set('batch', '1')
  if (input !== undefined) query.set('input', typeof input === 'string' ? input : JSON.stringify(input))
  const init =
    method === 'GET'
      ? {}
      : {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        }
  const response = await fetch(`${base}/${path}${query.size ? `?${query}` : ''}`, init)
  return {
    status: response.status,
    type: response.headers.get('content-type')?.split(';')[0],
    text: await response.text(),
  }
}

const text = (of: string) => ({ text: of })
const many = (count: number, path: string) => Array.from({ length: count }, () => path).join(',')

describe('the same bytes and status as tRPC’s own middleware', () => {
  test.each<[string, Ask]>([
    ['a query', { path: 'plain' }],
    ['a query that answers nothing', { path: 'nothing' }],
    ['a query with input in the address', { path: 'deep.echo', input: text('中文 & = ?') }],
    ['a query by POST', { path: 'deep.echo', method: 'POST', body: text('a') }],
    ['a query without input by POST', { path: 'plain', method: 'POST' }],
    ['a mutation', { path: 'write', method: 'POST', body: text('a') }],
    ['a mutation without input', { path: 'bare', method: 'POST' }],
    ['a mutation by GET', { path: 'bare' }],
    ['input of a wrong type', { path: 'write', method: 'POST', body: { text: 7 } }],
    ['input that is a bare number', { path: 'write', method: 'POST', body: '7' }],
    ['input that is null', { path: 'write', method: 'POST', body: 'null' }],
    ['a refusal with its detail', { path: 'refused' }],
    ['a refusal of a mutation', { path: 'away', method: 'POST' }],
    ['an error of ours, masked', { path: 'broken' }],
    ['no such procedure', { path: 'nobody.knows' }],
    ['a name that hangs on every object', { path: 'constructor' }],
    ['a router’s name', { path: 'deep' }],
    ['a batch of one', { path: 'plain', batch: true }],
    ['a batch', { path: 'plain,deep.echo', batch: true, input: { 1: text('b') } }],
    ['a batch by POST', { path: 'write,write', method: 'POST', batch: true, body: { 0: text('a'), 1: text('b') } }],
    ['a batch whose parts fare differently', { path: 'plain,refused,broken,gone', batch: true }],
    ['a batch whose parts fail alike', { path: 'refused,refused', batch: true }],
    ['a batch without its inputs', { path: 'deep.echo,plain', batch: true }],
    ['a batch with an input too many', { path: 'plain', batch: true, input: { 0: null, 5: text('x') } }],
    ['the largest batch', { path: many(20, 'plain'), batch: true }],
    ['an encoded comma', { path: 'plain%2Cnothing', batch: true }],
  ])('%s', async (_words, asked) => {
    const [mine, theirs] = await Promise.all([ask(ours, asked), ask(stock, asked)])
    expect(mine).toEqual(theirs)
  })
})

describe('what cannot be read is refused in our own words', () => {
  test.each<[string, Ask]>([
    ['an input that is no JSON', { path: 'deep.echo', input: '{no' }],
    ['a batch that is too long', { path: many(21, 'plain'), batch: true }],
    ['a batch whose inputs are a list', { path: 'plain', batch: true, input: [1] }],
    ['a batch whose inputs are a number', { path: 'plain', batch: true, input: 7 }],
    ['two names without a batch', { path: 'plain,plain' }],
    ['an address that is badly encoded', { path: '%E0%A4%A' }],
    ['a missing input', { path: 'write', method: 'POST' }],
  ])('%s', async (_words, asked) => {
    const { status, text: said } = await ask(ours, asked)
    expect(status).toBe(400)
    expect(JSON.parse(said).error.data).toMatchObject({ httpStatus: 400, fault: { code: 'BAD_INPUT' } })
  })
})

test('more lenient than there: queries and mutations may share a batch that is posted', async () => {
  const { status, text: said } = await ask(ours, { path: 'nothing,bare', method: 'POST', batch: true, body: {} })
  expect([status, JSON.parse(said)]).toEqual([200, [{ result: {} }, { result: { data: 7 } }]])
})

test('an error of ours leaves its number and nothing else', async () => {
  const { text: said, status } = await ask(ours, { path: 'broken' })
  expect(status).toBe(500)
  expect(said).not.toMatch(/SELECT|stack|inside/)
  expect(JSON.parse(said).error.data.fault).toEqual({ code: 'UNKNOWN', detail: { rid: 'rid-1' } })
})

test('other methods are told which ones there are', async () => {
  const response = await fetch(`${ours}/plain`, { method: 'DELETE' })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST'])
})
