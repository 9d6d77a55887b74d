import { contractRoom, openSandbox } from './contract-room'
import { DEMO_APPS, openidOf, type Sandbox } from './index'

const RISK = '/wxa/getuserriskrank'
const STABLE = '/cgi-bin/stable_token'
const openid = openidOf(DEMO_APPS.weapp.appid, 'lin')
const question = { openid, scene: 'join', clientIp: '203.0.113.5' } as const

let sandbox: Sandbox
let room: ReturnType<typeof contractRoom>

beforeEach(async () => {
  sandbox = await openSandbox()
  room = contractRoom(sandbox.url)
  sandbox.control.hold()
  sandbox.control.visit('lin')
})
afterEach(() => sandbox.close())

/** What a call with this token is answered. */
async function tried(token: unknown): Promise<number | undefined> {
  const body = { appid: DEMO_APPS.weapp.appid, openid, scene: 0, client_ip: '203.0.113.5', is_test: true }
  return (await room.post(RISK, { access_token: String(token) }, body)).errcode
}
const classic = async () =>
  (await room.get('/cgi-bin/token', { grant_type: 'client_credential', ...DEMO_APPS.weapp })).body.access_token
const stable = async (force = false) => (await room.token(force)).body.access_token

test('stable: renewed five minutes before the end, both usable until it', async () => {
  const old = await stable()
  sandbox.control.advance(6_899_000)
  expect(await room.token()).toMatchObject({ body: { access_token: old, expires_in: 301 } })
  sandbox.control.advance(1_000)
  const next = await stable()
  expect(next).not.toBe(old)
  expect([await tried(old), await tried(next)]).toEqual([0, 0])
  sandbox.control.advance(300_000)
  expect([await tried(old), await tried(next)]).toEqual([42001, 0])
})

test('stable by force: the old one dies at once; within 30 s nothing happens; 20 a day', async () => {
  const old = await stable()
  const forced = await stable(true)
  expect(forced).not.toBe(old)
  expect([await tried(old), await tried(forced)]).toEqual([40001, 0])
  sandbox.control.advance(29_000)
  expect(await stable(true)).toBe(forced)
  for (let turn = 1; turn < 20; turn += 1) {
    sandbox.control.advance(30_000)
    await stable(true)
  }
  sandbox.control.advance(30_000)
  expect(await room.token(true)).toMatchObject({ errcode: 45009 })
})

test('classic: a new one each time, the one before for five minutes more, and apart from stable', async () => {
  const kept = await stable()
  const [first, second] = [await classic(), await classic()]
  expect(second).not.toBe(first)
  expect([await tried(first), await tried(second), await tried(kept)]).toEqual([0, 0, 0])
  sandbox.control.advance(300_000)
  expect([await tried(first), await tried(second), await tried(kept)]).toEqual([40001, 0, 0])
})

test.each([
  ['no grant type', {}, 40002],
  ['no appid', { grant_type: 'client_credential' }, 41002],
  ['no secret', { grant_type: 'client_credential', appid: DEMO_APPS.weapp.appid }, 41004],
  ['an unknown appid', { grant_type: 'client_credential', appid: 'wx0', secret: 'x' }, 40013],
  ['a wrong secret', { grant_type: 'client_credential', ...DEMO_APPS.weapp, secret: 'x' }, 40125],
])('%s', async (_name, body, errcode) => {
  expect(await room.post(STABLE, {}, body)).toMatchObject({ errcode })
})

test('a malformed token is 40014', async () => {
  expect(await tried('short')).toBe(40014)
})

test('the client: 64 calls at once, one token', async () => {
  const ranks = await Promise.all(Array.from({ length: 64 }, () => room.wechat.riskRank(question)))
  expect(ranks.every((one) => one.rank === 0)).toBe(true)
  expect(sandbox.control.calls(STABLE)).toHaveLength(1)
})

test('the client: two processes share the one stable token without knowing of each other', async () => {
  const other = room.another()
  await Promise.all([room.wechat.riskRank(question), other.riskRank(question)])
  await Promise.all([room.wechat.riskRank(question), other.riskRank(question)])
  expect(sandbox.control.calls(RISK).every((call) => call.errcode === 0)).toBe(true)
})

test('the client: invalid tokens are replaced and the call repeated once', async () => {
  await room.wechat.riskRank(question)
  sandbox.control.killTokens()
  expect(await room.wechat.riskRank(question)).toEqual({ rank: 0 })
  expect(sandbox.control.calls(RISK).map((call) => call.errcode)).toEqual([0, 40001, 0])
})

test('the client: an expired token (the far clock ran ahead)', async () => {
  await room.wechat.riskRank(question)
  sandbox.control.advance(7200_000)
  sandbox.control.visit('lin')
  expect(await room.wechat.riskRank(question)).toEqual({ rank: 0 })
  expect(sandbox.control.calls(RISK).map((call) => call.errcode)).toEqual([0, 42001, 0])
})

test('the client: force only when normal mode gives the refused token again', async () => {
  await room.wechat.riskRank(question)
  sandbox.control.spoilStableToken()
  expect(await room.wechat.riskRank(question)).toEqual({ rank: 0 })
  expect(sandbox.control.calls(STABLE)).toHaveLength(3)
})
