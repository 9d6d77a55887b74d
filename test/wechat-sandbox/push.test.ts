import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openPush, type PushEvent, type PushSetup, pushGreeting } from '../../bff/src/wechat'
import { openSandbox } from './contract-room'
import { DEMO_APPS, openidOf, type PushTarget, type Sandbox } from './index'

const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
const setup = (aesKey?: string): PushSetup => ({
  token: 'push-token',
  appids: [DEMO_APPS.weapp.appid],
  ...(aesKey ? { aesKey } : {}),
})

let sandbox: Sandbox
let receiver: Server
let received: PushEvent[]
let busyFor: number

/** A receiver as the BFF is one: the room's own check, "success" for what it took. */
async function receive(pushSetup: PushSetup): Promise<PushTarget> {
  received = []
  busyFor = 0
  receiver = createServer(async (request, response) => {
    const query = Object.fromEntries(new URL(request.url ?? '', 'http://x').searchParams)
    if (request.method === 'GET') return void response.end(pushGreeting(pushSetup.token, query) ?? 'no')
    const opened = openPush([pushSetup], query, await textOf(request))
    if ('event' in opened) received.push(opened.event)
    busyFor -= 1
    if (busyFor >= 0) return void response.writeHead(503).end()
    response.writeHead('event' in opened ? 200 : 403).end('event' in opened ? 'success' : opened.refusal)
  })
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/wechat/notify`
  return { url, token: 'push-token', aesKey: AES_KEY }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

beforeEach(async () => {
  sandbox = await openSandbox()
})
afterEach(async () => {
  receiver.closeAllConnections()
  receiver.close()
  await sandbox.close()
})

test('the address is checked by its echo', async () => {
  const target = await receive(setup())
  expect(await sandbox.control.greetPush(target)).toBe(true)
  expect(await sandbox.control.greetPush({ ...target, token: 'another' })).toBe(false)
})

test.each([
  ['plain', undefined],
  ['safe', AES_KEY],
] as const)('a %s push arrives and is understood', async (mode, aesKey) => {
  const target = await receive(setup(aesKey))
  const fields = { RevokeInfo: '8' }
  const { appid } = DEMO_APPS.weapp
  const openid = openidOf(appid, 'lin')
  const report = await sandbox.control.push({ person: 'lin', event: 'user_authorization_revoke', fields, mode, target })
  expect(report).toEqual({ attempts: 1, status: 200, answer: 'success', accepted: true })
  expect(received).toEqual([
    expect.objectContaining({
      event: 'user_authorization_revoke',
      openid,
      appids: [appid],
      revoked: [8],
      raw: expect.objectContaining({ ...fields, OpenID: openid, AppID: appid }),
    }),
  ])
  // of these WeChat's own service is the sender, whoever it is about
  expect(received[0]?.fromUser).not.toBe(openid)
})

test('List as an object and as an array', async () => {
  const target = await receive(setup(AES_KEY))
  const entry = { TemplateId: 't1', SubscribeStatusString: 'reject', PopupScene: '1' }
  for (const list of [[entry], [entry, entry]]) {
    await sandbox.control.push({ person: 'lin', event: 'subscribe_msg_change_event', list, target })
  }
  expect(received.map((event) => event.list)).toEqual([[entry], [entry, entry]])
  expect(Array.isArray(received[0]?.raw.List)).toBe(false)
})

test('three tries, and the repeats have one dedupe key', async () => {
  const target = await receive(setup(AES_KEY))
  busyFor = 2
  const report = await sandbox.control.push({ person: 'lin', event: 'user_info_modified', target })
  expect(report).toMatchObject({ attempts: 3, accepted: true })
  expect(new Set(received.map((event) => event.dedupeKey)).size).toBe(1)
})

test.each(['plain', 'safe'] as const)('a forged %s push is refused three times', async (mode) => {
  const target = await receive(setup(mode === 'safe' ? AES_KEY : undefined))
  const order = { person: 'lin', event: 'user_authorization_cancellation', mode, forged: true, target }
  expect(await sandbox.control.push(order)).toMatchObject({ attempts: 3, status: 403, answer: 'signature' })
  expect(received).toEqual([])
})

test('nobody at home', async () => {
  const target = await receive(setup())
  receiver.close()
  const order = { person: 'lin', event: 'user_info_modified', target }
  expect(await sandbox.control.push(order)).toEqual({ attempts: 3, status: null, answer: '', accepted: false })
})
