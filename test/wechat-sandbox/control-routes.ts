import { Router } from 'express'
import { z } from 'zod'
import type { Control } from './control'

const person = z.string()
const appid = z.string().exactOptional()
const target = z.object({ url: z.url(), token: z.string(), aesKey: z.string().exactOptional() }).exactOptional()
const faultBase = {
  path: z.string(),
  count: z.number().int().positive().exactOptional(),
  when: z.enum(['before', 'after']).exactOptional(),
}
const fault = z.discriminatedUnion('kind', [
  z.object({ ...faultBase, kind: z.literal('errcode'), errcode: z.number(), errmsg: z.string().exactOptional() }),
  z.object({ ...faultBase, kind: z.literal('latency'), ms: z.number().int().nonnegative() }),
  z.object({ ...faultBase, kind: z.literal('drop') }),
  z.object({ ...faultBase, kind: z.literal('garbage'), body: z.string().exactOptional() }),
  z.object({
    ...faultBase,
    kind: z.literal('http'),
    status: z.number().int().min(400).max(599),
    body: z.string().exactOptional(),
  }),
])
const newPerson = z.object({
  key: z.string().min(1),
  name: z.string(),
  phone: z.string().nullable().exactOptional(),
  unionid: z.string().nullable().exactOptional(),
  riskRank: z.number().int().min(0).max(4).exactOptional(),
  note: z.string().exactOptional(),
})
const push = z.object({
  person,
  appid,
  target,
  event: z.string(),
  fields: z.record(z.string(), z.unknown()).exactOptional(),
  list: z.array(z.record(z.string(), z.unknown())).exactOptional(),
  mode: z.enum(['plain', 'safe']).exactOptional(),
  forged: z.boolean().exactOptional(),
})

type Operation = (control: Control, body: unknown) => unknown

function operation<T>(schema: z.ZodType<T>, run: (control: Control, body: T) => unknown): Operation {
  return (control, body) => run(control, schema.parse(body))
}

const clock = z.union([
  z.object({ hold: z.union([z.number(), z.literal(true)]) }),
  z.object({ advanceMs: z.number() }),
  z.object({ release: z.literal(true) }),
])

const WRITE: Record<string, Operation> = {
  people: operation(newPerson, (control, body) => ({ person: control.addPerson(body) })),
  'login-code': operation(z.object({ person, appid }), (control, body) => ({
    code: control.loginCode(body.person, body.appid),
  })),
  'phone-code': operation(z.object({ person, appid }), (control, body) => ({
    code: control.phoneCode(body.person, body.appid),
  })),
  'oauth-code': operation(
    z.object({ person, appid, scope: z.enum(['snsapi_base', 'snsapi_userinfo']).exactOptional() }),
    (control, { person: key, ...options }) => ({ code: control.oauthCode(key, options) }),
  ),
  visit: operation(z.object({ person, appid }), (control, body) => control.visit(body.person, body.appid)),
  phone: operation(z.object({ person, phone: z.string().nullable() }), (control, body) =>
    control.setPhone(body.person, body.phone),
  ),
  rank: operation(z.object({ person, rank: z.number().int().min(0).max(4) }), (control, body) =>
    control.setRank(body.person, body.rank),
  ),
  blocked: operation(z.object({ person, blocked: z.boolean() }), (control, body) =>
    control.setBlocked(body.person, body.blocked),
  ),
  bind: operation(z.object({ appid: z.string(), platform: z.string().nullable() }), (control, body) =>
    control.bindApp(body.appid, body.platform),
  ),
  clock: operation(clock, (control, body) => {
    if ('hold' in body) control.hold(body.hold === true ? undefined : body.hold)
    else if ('advanceMs' in body) control.advance(body.advanceMs)
    else control.release()
  }),
  faults: operation(fault, (control, body) => control.inject(body)),
  'faults/clear': operation(z.unknown(), (control) => control.clearFaults()),
  'tokens/kill': operation(z.object({ appid }), (control, body) => control.killTokens(body.appid)),
  'tokens/spoil': operation(z.object({ appid }), (control, body) => control.spoilStableToken(body.appid)),
  accept: operation(z.object({ person, templateId: z.string(), appid }), (control, body) =>
    control.accept(body.person, body.templateId, body.appid),
  ),
  push: operation(push, (control, body) => control.push(body)),
  'push/greet': operation(z.object({ target }), async (control, body) => ({
    ok: await control.greetPush(body.target),
  })),
  'calls/forget': operation(z.unknown(), (control) => control.forgetCalls()),
}

const READ: Record<string, (control: Control) => object> = {
  people: (control) => ({ people: control.people() }),
  sent: (control) => ({ sent: control.sent() }),
  sms: (control) => ({ sms: control.sms() }),
  media: (control) => ({ media: control.media() }),
  calls: (control) => ({ calls: control.calls() }),
}

/** The control plane over HTTP: GET to look, POST with a JSON body to act. Answers 400 with `problem` when it cannot. */
export function controlRoutes(control: Control): Router {
  const router = Router()
  router.get('/*name', (request, response) => {
    const read = READ[nameOf(request.path)]
    if (read) response.json(read(control))
    else response.status(404).json({ problem: 'no such thing' })
  })
  router.post('/*name', async (request, response) => {
    const write = WRITE[nameOf(request.path)]
    if (!write) return void response.status(404).json({ problem: 'no such operation' })
    try {
      const text = typeof request.body === 'string' ? request.body : ''
      response.json((await write(control, JSON.parse(text || '{}'))) ?? { ok: true })
    } catch (error) {
      response.status(400).json({ problem: error instanceof Error ? error.message : 'bad' })
    }
  })
  return router
}

function nameOf(path: string): string {
  return path.replace(/^\/+/, '')
}
