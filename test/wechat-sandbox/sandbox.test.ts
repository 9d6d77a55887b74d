import { createHmac } from 'node:crypto'
import { contractRoom, openSandbox, RID } from './contract-room'
import { unionidFor } from './identity'
import { DEMO_APPS, MORE_APPS, openidOf, type Sandbox, unionidOf } from './index'

let sandbox: Sandbox
let room: ReturnType<typeof contractRoom>

beforeEach(async () => {
  sandbox = await openSandbox()
  room = contractRoom(sandbox.url)
})
afterEach(() => sandbox.close())

test('an unknown path is 40066 with HTTP 200', async () => {
  const answer = await room.post('/wxa/nothing/here', {}, {})
  expect(answer).toMatchObject({ status: 200, errcode: 40066 })
  expect(answer.errmsg).toMatch(RID)
})

test.each([
  ['no secret', { appid: DEMO_APPS.weapp.appid }, 41004],
  ['no code', { ...DEMO_APPS.weapp }, 41008],
  ['an unknown appid', { ...DEMO_APPS.weapp, appid: 'wx0' }, 40013],
  ['no grant type', { ...DEMO_APPS.weapp, js_code: 'c' }, 40002],
])('login with %s', async (_name, query, errcode) => {
  expect(await room.get('/sns/jscode2session', query)).toMatchObject({ status: 200, errcode })
})

test('a POST to code2session sees no parameters', async () => {
  expect(await room.post('/sns/jscode2session', DEMO_APPS.weapp, {})).toMatchObject({ errcode: 41002 })
})

test('a session key can be checked and reset; only the last one holds', async () => {
  const access_token = String((await room.token()).body.access_token)
  const { openid, serverOnlySessionKey } = await room.wechat.codeToSession(sandbox.control.loginCode('lin'))
  const query = (key: string, sig_method = 'hmac_sha256') => ({
    access_token,
    openid,
    sig_method,
    signature: createHmac('sha256', key).update('').digest('hex'),
  })
  expect(await room.get('/wxa/checksession', query(serverOnlySessionKey))).toMatchObject({ errcode: 0 })
  expect(await room.get('/wxa/checksession', query('another'))).toMatchObject({ errcode: 87009 })
  expect(await room.get('/wxa/checksession', query(serverOnlySessionKey, 'md5'))).toMatchObject({ errcode: 87008 })
  const reset = await room.get('/wxa/resetusersessionkey', query(serverOnlySessionKey))
  expect(reset.body).toMatchObject({ errcode: 0, openid, session_key: expect.any(String) })
  expect(await room.get('/wxa/checksession', query(serverOnlySessionKey))).toMatchObject({ errcode: 87009 })
  expect(await room.get('/wxa/checksession', query(String(reset.body.session_key)))).toMatchObject({ errcode: 0 })
})

describe('control plane over HTTP', () => {
  const act = (name: string, body: unknown) => room.post(`/__control/${name}`, {}, body)

  test('a new person signs in with a code that was issued over HTTP', async () => {
    await act('people', { key: 'new', name: '新来的', phone: null })
    const { body } = await act('login-code', { person: 'new' })
    const session = await room.wechat.codeToSession(String(body.code))
    expect(session.openid).toBe(openidOf(DEMO_APPS.weapp.appid, 'new'))
    expect(await act('phone-code', { person: 'new' })).toMatchObject({ status: 400 })
  })

  test('faults, rank, consent, clock', async () => {
    await act('faults', { path: '/sns/jscode2session', kind: 'errcode', errcode: 40226, count: 2 })
    await act('faults/clear', {})
    await act('clock', { hold: true })
    await act('rank', { person: 'lin', rank: 4 })
    await act('visit', { person: 'lin' })
    await act('clock', { advanceMs: 3_600_000 })
    const openid = openidOf(DEMO_APPS.weapp.appid, 'lin')
    expect(await room.wechat.riskRank({ openid, scene: 'join', clientIp: '203.0.113.5' })).toEqual({ rank: 4 })
    expect((await act('accept', { person: 'lin', templateId: 't' })).body).toEqual({ left: 1 })
    expect((await room.get('/__control/people')).body.people).toHaveLength(7)
  })

  test.each([
    ['login-code', {}],
    ['login-code', { person: 'nobody' }],
    ['faults', { path: '/', kind: 'weather' }],
    ['rank', { person: 'lin', rank: 9 }],
    ['login-code', 'no json'],
  ])('%s %p is refused', async (name, body) => {
    expect(await act(name, body)).toMatchObject({ status: 400 })
  })

  test('an unknown operation', async () => {
    expect(await act('fly', {})).toMatchObject({ status: 404 })
    expect(await room.get('/__control/fly')).toMatchObject({ status: 404 })
  })
})

test('SMS: sent, listed, and a failing provider', async () => {
  const text = '【一盏】验证码 482913,5 分钟内有效。'
  expect((await room.post('/sms/send', {}, { phone: '+8613800002207', text })).body).toEqual({ ok: true })
  expect((await room.get('/__control/sms')).body).toMatchObject({ sms: [{ phone: '+8613800002207', text }] })
  expect((await room.post('/sms/send', {}, { phone: 'me', text })).body).toMatchObject({ ok: false })
  sandbox.control.inject({ path: '/sms/send', kind: 'http', status: 503 })
  const down = await fetch(`${sandbox.url}/sms/send`, { method: 'POST', body: '{}' })
  expect(down.status).toBe(503)
})

describe('several apps of one brand', () => {
  const { order, garden } = MORE_APPS
  const signIn = (appid?: string) => room.wechat.codeToSession(sandbox.control.loginCode('mei', appid), appid)
  const bind = (appid: string, platform: string | null) =>
    fetch(`${sandbox.url}/__control/bind`, { method: 'POST', body: JSON.stringify({ appid, platform }) })

  test('an openid in each, one unionid in all, each with its own secret, code and token', async () => {
    for (const appid of [DEMO_APPS.weapp.appid, order.appid])
      expect(await signIn(appid)).toMatchObject({ openid: openidOf(appid, 'mei'), unionid: unionidOf('mei') })
    const oauth = sandbox.control.oauthCode('mei', { appid: garden.appid })
    expect(await room.wechat.oauthAccess(oauth, garden.appid)).toMatchObject({ openid: openidOf(garden.appid, 'mei') })
    const code = sandbox.control.loginCode('mei', order.appid)
    await expect(room.wechat.codeToSession(code)).rejects.toMatchObject({ errcode: 40029 })
    const phone = sandbox.control.phoneCode('mei', order.appid)
    await expect(room.wechat.phoneNumber(phone)).rejects.toMatchObject({ errcode: 40029 })
    expect(await room.wechat.phoneNumber(phone, undefined, order.appid)).toMatchObject({ phone: '+8613800003318' })
    const tokens = sandbox.control.calls('/cgi-bin/stable_token').length
    await room.wechat.riskRank({
      openid: openidOf(order.appid, 'mei'),
      appid: order.appid,
      scene: 'join',
      clientIp: '::1',
    })
    expect(sandbox.control.calls('/cgi-bin/stable_token')).toHaveLength(tokens)
    expect(tokens).toBe(2)
    await expect(room.wechat.codeToSession(code, garden.appid)).rejects.toThrow(`no weapp ${garden.appid} is set up`)
  })

  test('the authorisation page is the account’s that is named', async () => {
    const url = room.wechat.authorizeUrl({ redirectUri: 'https://brand.test/', state: 's', appid: garden.appid })
    expect(new URL(url).searchParams.get('appid')).toBe(garden.appid)
    expect(await (await fetch(url)).text()).toContain('一盏茶园')
  })

  test('an app that is bound to no open-platform account learns no unionid, and learns it once it is', async () => {
    expect((await bind(order.appid, null)).status).toBe(200)
    expect(await signIn(order.appid)).not.toHaveProperty('unionid')
    expect(await signIn()).toHaveProperty('unionid', unionidOf('mei'))
    await bind(order.appid, 'another')
    expect(await signIn(order.appid)).toHaveProperty('unionid', unionidFor('another', 'mei'))
    await bind(order.appid, '')
    expect(await signIn(order.appid)).toHaveProperty('unionid', unionidOf('mei'))
    expect((await bind('wx0', '')).status).toBe(400)
  })
})
