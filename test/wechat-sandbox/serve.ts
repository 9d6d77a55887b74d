import { randomBytes } from 'node:crypto'
import type { Request, Response } from 'express'
import { ApiRefusal, type Asked, type Endpoint, Picture } from './endpoint'
import { strike } from './fault'
import { checkToken } from './token'
import { keep, type World } from './world'

/** Answers one request as WeChat does: checks in WeChat's order, the status-200 envelope, planned faults. */
export async function serveEndpoint(world: World, endpoint: Endpoint, request: Request, response: Response) {
  await deliver(world, endpoint.path, response, async () => {
    const query = textQuery(request)
    if (endpoint.method === 'POST' && request.method !== 'POST') throw new ApiRefusal(43002, 'require POST method')
    // A POST to code2session is answered as if nothing had been asked.
    if (endpoint.method === 'GET' && request.method !== 'GET') throw new ApiRefusal(41002, 'appid missing')
    const app = endpoint.token ? checkToken(world, query.access_token) : null
    const body = endpoint.method === 'POST' ? readBody(request) : {}
    const origin = `http://${request.headers.host}`
    const asked: Asked = { origin, query, body, ip: request.socket.remoteAddress ?? '' }
    return endpoint.token && app ? endpoint.answer(world, asked, app) : answerOpen(world, endpoint, asked)
  })
}

/** Runs the work between planned faults and sends its answer. */
export async function deliver(world: World, path: string, response: Response, work: () => Promise<object>) {
  const fault = world.faults.take(path)
  const before = fault && fault.when !== 'after' ? fault : null
  const after = fault?.when === 'after' ? fault : null
  if (before && (await strike(before, response))) return seen(world, path, null)
  const answer = before?.kind === 'errcode' ? refusal(before.errcode, before.errmsg) : await outcome(work)
  if (after && (await strike(after, response))) return seen(world, path, null)
  const said = after?.kind === 'errcode' ? refusal(after.errcode, after.errmsg) : answer
  seen(world, path, (said as { errcode?: number }).errcode ?? 0)
  if (said instanceof Picture) return void response.type(said.mime).send(said.bytes)
  // Login and token calls answer as plain text in life, and a client must not mind.
  response.type(path.startsWith('/sns/') ? 'text/plain' : 'application/json').send(JSON.stringify(said))
}

async function outcome(work: () => Promise<object>): Promise<object> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApiRefusal) return refusal(error.errcode, error.errmsg)
    return refusal(-1, 'system error')
  }
}

function answerOpen(world: World, endpoint: Endpoint, asked: Asked): object | Promise<object> {
  if (endpoint.token) throw new ApiRefusal(41001, 'access_token missing')
  return endpoint.answer(world, asked)
}

function refusal(errcode: number, errmsg = 'refused') {
  const [a, b, c] = [0, 1, 2].map(() => randomBytes(4).toString('hex'))
  // Both ways of joining the number to the words are seen.
  return { errcode, errmsg: `${errmsg}${errcode % 2 ? ',' : ''} rid: ${a}-${b}-${c}` }
}

function seen(world: World, path: string, errcode: number | null): void {
  keep(world.calls, { path, errcode })
}

function textQuery(request: Request): Record<string, string> {
  const pairs = Object.entries(request.query).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return Object.fromEntries(pairs)
}

function readBody(request: Request): Record<string, unknown> {
  const text = typeof request.body === 'string' ? request.body : ''
  if (text === '') throw new ApiRefusal(44002, 'empty post data')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ApiRefusal(47001, 'data format error')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ApiRefusal(47001, 'data format error')
  return value as Record<string, unknown>
}
