import { inspect } from 'node:util'
import { cut, failure, OA, scriptedRoom, WEAPP } from './wechat.fixture'
import { WechatError } from './wechat-error'

const LOGIN = '/sns/jscode2session'
const OAUTH = '/sns/oauth2/access_token'
const TOKEN = '/cgi-bin/stable_token'
const PHONE = '/wxa/business/getuserphonenumber'
const RISK = '/wxa/getuserriskrank'
const SEND = '/cgi-bin/message/subscribe/send'
const token = { access_token: 'the-access-token', expires_in: 7200 }
const message = { openid: 'oPerson', templateId: 't1', page: 'tabs/home/index', data: { thing1: '湖滨店' } }
const question = { openid: 'oPerson', scene: 'marketing', clientIp: '203.0.113.5', phone: '+8613800002207' } as const

describe('answers', () => {
  test('a login gives openid, unionid and a key marked as server-only', async () => {
    const room = scriptedRoom({ [LOGIN]: [{ openid: 'o1', session_key: 'k', unionid: 'u1', added_later: true }] })
    expect(await room.wechat.codeToSession('login-code')).toEqual({
      openid: 'o1',
      unionid: 'u1',
      serverOnlySessionKey: 'k',
    })
    expect(room.sent[0]?.query).toEqual({
      appid: WEAPP.appid,
      secret: WEAPP.secret,
      js_code: 'login-code',
      grant_type: 'authorization_code',
    })
  })

  test('a web authorisation goes to the official account and tells a snapshot visitor', async () => {
    const room = scriptedRoom({ [OAUTH]: [{ openid: 'o2', access_token: 'x', is_snapshotuser: 1 }] })
    expect(await room.wechat.oauthAccess('oauth-code')).toEqual({ openid: 'o2', isSnapshot: true })
    expect(room.sent[0]?.query.appid).toBe(OA.appid)
  })

  test.each(['86', 86, '+86'])('a phone with country code %p', async (countryCode) => {
    const info = { phoneNumber: '13800002207', purePhoneNumber: '13800002207', countryCode }
    const room = scriptedRoom({
      [TOKEN]: [token],
      [PHONE]: [{ errcode: 0, errmsg: 'ok', phone_info: { ...info, watermark: { appid: WEAPP.appid, timestamp: 1 } } }],
    })
    expect(await room.wechat.phoneNumber('c', 'o1')).toEqual({ phone: '+8613800002207', countryCode: '86' })
    expect(room.sent[1]?.body).toEqual({ code: 'c', openid: 'o1' })
  })

  test('a phone stamped for another app is nobody’s phone', async () => {
    const info = { purePhoneNumber: '13800002207', countryCode: '86', watermark: { appid: 'wxother' } }
    const room = scriptedRoom({ [TOKEN]: [token], [PHONE]: [{ errcode: 0, phone_info: info }] })
    expect(await failure(room.wechat.phoneNumber('c'))).toMatchObject({ trouble: 'garbage' })
  })

  test('a rank, and the missing visit as an answer of its own', async () => {
    const room = scriptedRoom({ [TOKEN]: [token], [RISK]: [{ errcode: 0, risk_rank: 4 }, { errcode: 61010 }] })
    expect(await room.wechat.riskRank(question)).toEqual({ rank: 4 })
    expect(room.sent[1]?.body).toMatchObject({ scene: 1, mobile_no: '13800002207', client_ip: '203.0.113.5' })
    expect(await room.wechat.riskRank(question)).toEqual({ rank: null, reason: 'no_recent_visit' })
  })

  test('the authorise address keeps WeChat’s order of parameters', () => {
    const { wechat } = scriptedRoom({})
    expect(wechat.authorizeUrl({ redirectUri: 'https://brand.test/?a=1', state: 's1' })).toBe(
      `https://open.wechat.test/connect/oauth2/authorize?appid=${OA.appid}&redirect_uri=https%3A%2F%2Fbrand.test%2F%3Fa%3D1&response_type=code&scope=snsapi_userinfo&state=s1#wechat_redirect`,
    )
  })
})

describe('refusals', () => {
  test('HTTP 200 with errcode is an error with number, words and rid', async () => {
    const errmsg = 'invalid code, rid: 66d02a4c-6788a203-083e9b71'
    const room = scriptedRoom({ [LOGIN]: [{ errcode: 40029, errmsg }] })
    const error = await failure(room.wechat.codeToSession('login-code'))
    expect(error).toBeInstanceOf(WechatError)
    expect(error).toMatchObject({
      errcode: 40029,
      rid: '66d02a4c-6788a203-083e9b71',
      endpoint: LOGIN,
      meaning: 'code_bad',
      retryable: false,
      outcome: 'refused',
    })
  })

  test.each([
    [40029, 'code_bad'],
    [40163, 'code_bad'],
    [40226, 'person_blocked'],
    [45011, 'busy'],
    [-1, 'away'],
    [40125, 'setup'],
    [45009, 'setup'],
    [99999, 'other'],
  ])('%i means %s', async (errcode, meaning) => {
    const room = scriptedRoom({ [LOGIN]: [{ errcode, errmsg: 'no' }] })
    expect(await failure(room.wechat.codeToSession('login-code'))).toMatchObject({ meaning })
  })

  test('system error: once more where it changes nothing, never with a single-use code or a message', async () => {
    const no = { errcode: -1, errmsg: 'system error' }
    const room = scriptedRoom({
      [TOKEN]: [token],
      [LOGIN]: [no],
      [OAUTH]: [no],
      [PHONE]: [no],
      [RISK]: [no],
      [SEND]: [no],
    })
    const calls = [
      room.wechat.codeToSession('code-one'),
      room.wechat.oauthAccess('code-two'),
      room.wechat.phoneNumber('code-three'),
      room.wechat.riskRank(question),
    ]
    for (const call of calls) await failure(call)
    expect(await room.wechat.sendSubscribeMessage(message)).toMatchObject({ outcome: 'unknown', errcode: -1 })
    expect([LOGIN, OAUTH, PHONE, RISK, SEND].map(room.count)).toEqual([1, 1, 1, 2, 1])
  })
})

describe('no usable answer', () => {
  const page = () => new Response('<html>bad gateway</html>', { status: 502 })
  test.each([
    ['a web page', '<html>hello</html>', 'garbage'],
    ['nothing', '', 'garbage'],
    ['half an answer', '{"openid":"o1"', 'garbage'],
    ['a list', '[]', 'garbage'],
    ['another shape', { openid: 5, session_key: null }, 'garbage'],
    ['a picture', () => new Response('\xff\xd8', { headers: { 'content-type': 'image/jpeg' } }), 'garbage'],
    ['502', page, 'http'],
    ['a 404 page', () => new Response('not here', { status: 404 }), 'http'],
    ['a cut line', cut('ECONNRESET'), 'cut'],
    ['five megabytes', `{"a":"${'x'.repeat(5_000_000)}"}`, 'garbage'],
  ])('%s', async (_name, reply, trouble) => {
    const room = scriptedRoom({ [LOGIN]: [reply] })
    const error = await failure(room.wechat.codeToSession('login-code'))
    expect(error).toMatchObject({ trouble, outcome: 'unknown', retryable: false, errcode: null, meaning: 'away' })
    expect(room.count(LOGIN)).toBe(1)
  })

  test('a line that never opened surely changed nothing', async () => {
    const room = scriptedRoom({ [LOGIN]: [cut('ECONNREFUSED')] })
    const error = await failure(room.wechat.codeToSession('login-code'))
    expect(error).toMatchObject({ trouble: 'unreachable', outcome: 'refused', retryable: true })
  })
})

describe('subscribe messages', () => {
  const withSend = (...replies: Parameters<typeof scriptedRoom>[0][string]) =>
    scriptedRoom({ [TOKEN]: [token], [SEND]: replies })

  test('sent', async () => {
    const room = withSend({ errcode: 0, errmsg: 'ok' })
    expect(await room.wechat.sendSubscribeMessage({ ...message, state: 'trial' })).toEqual({ outcome: 'sent' })
    expect(room.sent[1]?.body).toEqual({
      touser: 'oPerson',
      template_id: 't1',
      page: 'tabs/home/index',
      data: { thing1: { value: '湖滨店' } },
      miniprogram_state: 'trial',
    })
  })

  test.each([
    [43101, 'no_consent', false],
    [40003, 'person_unknown', false],
    [40037, 'template_unknown', false],
    [41030, 'page_unknown', false],
    [47003, 'data_invalid', false],
    [43107, 'banned', false],
    [43108, 'busy', true],
    [45009, 'setup', false],
  ])('%i → %s, retryable %p', async (errcode, reason, retryable) => {
    const outcome = await withSend({ errcode, errmsg: 'no' }).wechat.sendSubscribeMessage(message)
    expect(outcome).toMatchObject({ outcome: 'refused', reason, retryable, errcode })
  })

  test('a refused token is surely no message: another token, sent once', async () => {
    const room = scriptedRoom({
      [TOKEN]: [token, { access_token: 'token-two', expires_in: 7200 }],
      [SEND]: [{ errcode: 42001 }, { errcode: 0 }],
    })
    expect(await room.wechat.sendSubscribeMessage(message)).toEqual({ outcome: 'sent' })
  })

  test.each([
    ['cut', cut('ECONNRESET')],
    ['cut while the answer came', cut('UND_ERR_SOCKET')],
    ['http', () => new Response('', { status: 503 })],
    ['garbage', 'ok'],
    ['an answer without errcode', {}],
  ])('%s: nobody knows, so it is not sent again', async (_name, reply) => {
    const room = withSend(reply)
    expect(await room.wechat.sendSubscribeMessage(message)).toMatchObject({ outcome: 'unknown' })
    expect(room.count(SEND)).toBe(1)
  })

  test('no token, no message: refused, and worth trying later', async () => {
    const room = scriptedRoom({ [TOKEN]: ['nonsense'], [SEND]: [{ errcode: 0 }] })
    expect(await room.wechat.sendSubscribeMessage(message)).toMatchObject({ outcome: 'refused', retryable: true })
    expect(room.count(SEND)).toBe(0)
  })
})

test('no secret, token, code, session key or phone reaches a log line or an error', async () => {
  // A far side that repeats all it was told, the worst it could do.
  const echo = (asked: object) => {
    const errmsg = `bad ${Object.values({ ...asked, ...(asked as { query: object }).query }).join(' ')} session_key=topsecretkey`
    return new Response(JSON.stringify({ errcode: 40029, errmsg: errmsg + JSON.stringify(asked) }))
  }
  const replies = [echo, '<p>13800002207</p>', { session_key: 'topsecretkey' }, cut('ECONNRESET')]
  const room = scriptedRoom({
    [TOKEN]: [token],
    [LOGIN]: [...replies],
    [OAUTH]: [...replies],
    [PHONE]: [...replies],
    [RISK]: [...replies],
    [SEND]: [...replies],
  })
  const seen: unknown[] = []
  for (let turn = 0; turn < replies.length; turn += 1) {
    seen.push(await failure(room.wechat.codeToSession('login-code-77')))
    seen.push(await failure(room.wechat.oauthAccess('login-code-77')))
    seen.push(await failure(room.wechat.phoneNumber('login-code-77')))
    seen.push(await failure(room.wechat.riskRank(question)))
    seen.push(await room.wechat.sendSubscribeMessage(message))
  }
  const written = room.lines.join('\n') + inspect(seen, { depth: 9, showHidden: true }) + JSON.stringify(seen)
  expect(room.lines.length).toBeGreaterThan(20)
  for (const secret of [WEAPP.secret, OA.secret, 'the-access-token', 'login-code-77', 'topsecretkey', '13800002207']) {
    expect(written).not.toContain(secret)
  }
})
