import { WechatError } from '../../bff/src/wechat'
import { contractRoom, type Keys, openSandbox, RID, TEMPLATE } from './contract-room'
import { DEMO_APPS, openidOf, type Sandbox, unionidOf } from './index'

/**
 * The client against WeChat's contract. By default the far side is the sandbox. WECHAT_CONTRACT_REAL=1 with
 * WEAPP_APPID, WEAPP_SECRET, OA_APPID and OA_SECRET runs the part that changes nothing against WeChat itself.
 */
const env = process.env
const isReal = env.WECHAT_CONTRACT_REAL === '1'
const keys: Keys = isReal
  ? {
      weapp: { appid: env.WEAPP_APPID ?? '', secret: env.WEAPP_SECRET ?? '' },
      oa: { appid: env.OA_APPID ?? '', secret: env.OA_SECRET ?? '' },
    }
  : DEMO_APPS
const sandboxOnly = isReal ? describe.skip : describe

let sandbox: Sandbox
let room: ReturnType<typeof contractRoom>

beforeEach(async () => {
  sandbox = await openSandbox()
  room = contractRoom(isReal ? 'https://api.weixin.qq.com' : sandbox.url, keys)
})
afterEach(() => sandbox.close())

describe('holds of WeChat itself too', () => {
  const refused = (errcode: number) => expect.objectContaining({ errcode, trouble: 'errcode', outcome: 'refused' })

  test('a made-up login code', async () => {
    await expect(room.wechat.codeToSession('made-up-code')).rejects.toEqual(refused(40029))
  })

  test('a made-up OAuth code', async () => {
    await expect(room.wechat.oauthAccess('made-up-code')).rejects.toEqual(refused(40029))
  })

  test('a made-up phone code, with a token that WeChat takes', async () => {
    await expect(room.wechat.phoneNumber('made-up-code')).rejects.toEqual(refused(40029))
  })

  test('an unknown openid has no rank and gets no message', async () => {
    const openid = 'oAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    await expect(room.wechat.riskRank({ openid, scene: 'join', clientIp: '203.0.113.5' })).rejects.toEqual(
      refused(40003),
    )
    const data = { thing1: '湖滨店', number2: '68', time3: '2026年11月22日 15:01', thing4: '已到账' }
    const outcome = await room.wechat.sendSubscribeMessage({ openid, templateId: TEMPLATE, page: '', data })
    expect(outcome).toMatchObject({ outcome: 'refused', errcode: 40003 })
  })

  test('a code for a scene that is too long, or for a page that nobody released', async () => {
    const long = room.wechat.wxaCodeUnlimited({ scene: 'x'.repeat(33), page: 'tabs/home/index' })
    await expect(long).rejects.toEqual(refused(40169))
    const nowhere = room.wechat.wxaCodeUnlimited({ scene: 'l=x', page: 'pages/none/none' })
    await expect(nowhere).rejects.toEqual(refused(41030))
  })

  test('errors are HTTP 200 with errcode, errmsg and rid', async () => {
    const answer = await room.get('/sns/jscode2session', {
      ...keys.weapp,
      js_code: 'made-up-code',
      grant_type: 'authorization_code',
    })
    expect(answer).toMatchObject({ status: 200, errcode: 40029 })
    expect(answer.errmsg).toMatch(RID)
  })

  test('the token comes without errcode, the same again in normal mode, 300 s at the least', async () => {
    const [first, second] = [await room.token(), await room.token()]
    expect(first.errcode).toBeUndefined()
    expect(second.body.access_token).toBe(first.body.access_token)
    expect(first.body.expires_in).toBeGreaterThanOrEqual(300)
  })

  test.each([
    ['no token', () => room.post('/wxa/getuserriskrank', {}, {}), 41001],
    ['a false token', () => room.post('/wxa/getuserriskrank', { access_token: `90_${'a'.repeat(120)}` }, {}), 40001],
    ['GET for the stable token', () => room.get('/cgi-bin/stable_token', {}), 43002],
    ['no appid', () => room.get('/sns/jscode2session', {}), 41002],
    ['a false secret', () => room.get('/sns/jscode2session', { ...keys.weapp, secret: 'x', js_code: 'c' }), 40125],
  ])('%s', async (_name, ask, errcode) => {
    expect(await ask()).toMatchObject({ status: 200, errcode })
  })
})

sandboxOnly('login', () => {
  test('openid and unionid stay the same over logins and restarts, the key rotates', async () => {
    const first = await room.wechat.codeToSession(sandbox.control.loginCode('lin'))
    const second = await room.wechat.codeToSession(sandbox.control.loginCode('lin'))
    expect(first.openid).toBe(openidOf(keys.weapp.appid, 'lin'))
    expect(first.unionid).toBe(unionidOf('lin'))
    expect(second).toMatchObject({ openid: first.openid, unionid: first.unionid })
    expect(second.serverOnlySessionKey).not.toBe(first.serverOnlySessionKey)
    expect(Buffer.from(first.serverOnlySessionKey, 'base64')).toHaveLength(16)
  })

  test('a code works once, even for many at once', async () => {
    const code = sandbox.control.loginCode('lin')
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => room.wechat.codeToSession(code)))
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    const refusals = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason as WechatError] : []))
    expect(refusals.every((one) => one.errcode === 40163 && one.meaning === 'code_bad')).toBe(true)
  })

  test('a code lives five minutes', async () => {
    sandbox.control.hold()
    const [early, late] = [sandbox.control.loginCode('lin'), sandbox.control.loginCode('lin')]
    sandbox.control.advance(299_000)
    await room.wechat.codeToSession(early)
    sandbox.control.advance(1_000)
    await expect(room.wechat.codeToSession(late)).rejects.toMatchObject({ errcode: 40029 })
  })

  test('a code of another app or another kind is no code', async () => {
    const oauth = sandbox.control.oauthCode('lin')
    const phone = sandbox.control.phoneCode('lin')
    await expect(room.wechat.codeToSession(oauth)).rejects.toMatchObject({ errcode: 40029 })
    await expect(room.wechat.codeToSession(phone)).rejects.toMatchObject({ errcode: 40029 })
    await expect(room.wechat.oauthAccess(sandbox.control.loginCode('lin'))).rejects.toMatchObject({ errcode: 40029 })
    const oa = { ...keys.oa, js_code: sandbox.control.loginCode('lin'), grant_type: 'authorization_code' }
    expect(await room.get('/sns/jscode2session', oa)).toMatchObject({ errcode: 40029 })
  })

  test('a blocked person', async () => {
    sandbox.control.setBlocked('lin', true)
    const login = room.wechat.codeToSession(sandbox.control.loginCode('lin'))
    await expect(login).rejects.toMatchObject({ errcode: 40226, meaning: 'person_blocked' })
  })

  test('somebody bound to no open platform has no unionid', async () => {
    sandbox.control.addPerson({ key: 'solo', name: '独行', unionid: null })
    expect(await room.wechat.codeToSession(sandbox.control.loginCode('solo'))).not.toHaveProperty('unionid')
  })

  test('web authorisation: the unionid only with snsapi_userinfo, the openid of the official account', async () => {
    const openid = openidOf(keys.oa.appid, 'mei')
    const base = sandbox.control.oauthCode('mei', { scope: 'snsapi_base' })
    expect(await room.wechat.oauthAccess(base)).toEqual({ openid, isSnapshot: false })
    const full = sandbox.control.oauthCode('mei')
    expect(await room.wechat.oauthAccess(full)).toEqual({ openid, unionid: unionidOf('mei'), isSnapshot: false })
    await expect(room.wechat.oauthAccess(full)).rejects.toMatchObject({ errcode: 40163 })
  })
})

sandboxOnly('phone and risk', () => {
  test('a phone, its country code as text and as number', async () => {
    const lin = await room.wechat.phoneNumber(sandbox.control.phoneCode('lin'), openidOf(keys.weapp.appid, 'lin'))
    const mei = await room.wechat.phoneNumber(sandbox.control.phoneCode('mei'))
    expect([lin, mei]).toEqual([
      { phone: '+8613800002207', countryCode: '86' },
      { phone: '+8613800003318', countryCode: '86' },
    ])
    sandbox.control.setPhone('lin', '+85291234567')
    const abroad = await room.wechat.phoneNumber(sandbox.control.phoneCode('lin'))
    expect(abroad).toEqual({ phone: '+85291234567', countryCode: '852' })
  })

  test('a phone code works once, for its own person, for five minutes', async () => {
    const code = sandbox.control.phoneCode('lin')
    const stranger = room.wechat.phoneNumber(code, openidOf(keys.weapp.appid, 'mei'))
    await expect(stranger).rejects.toMatchObject({ errcode: 40029 })
    await room.wechat.phoneNumber(code)
    await expect(room.wechat.phoneNumber(code)).rejects.toMatchObject({ errcode: 40029 })
    const late = sandbox.control.phoneCode('lin')
    sandbox.control.advance(300_000)
    await expect(room.wechat.phoneNumber(late)).rejects.toMatchObject({ errcode: 40029 })
  })

  test('somebody without a phone in WeChat gets no phone code', () => {
    expect(() => sandbox.control.phoneCode('he')).toThrow('no phone')
  })

  test('a rank needs a visit within two hours', async () => {
    const question = { openid: openidOf(keys.weapp.appid, 'lin'), scene: 'join', clientIp: '203.0.113.5' } as const
    expect(await room.wechat.riskRank(question)).toEqual({ rank: null, reason: 'no_recent_visit' })
    sandbox.control.setRank('lin', 3)
    sandbox.control.visit('lin')
    expect(await room.wechat.riskRank({ ...question, phone: '+8613800002207' })).toEqual({ rank: 3 })
    sandbox.control.advance(2 * 3600_000 + 1)
    expect(await room.wechat.riskRank(question)).toEqual({ rank: null, reason: 'no_recent_visit' })
  })
})

sandboxOnly('when the far side fails', () => {
  const path = '/sns/jscode2session'

  test.each([
    [{ path, kind: 'drop' }, 'cut'],
    [{ path, kind: 'garbage' }, 'garbage'],
    [{ path, kind: 'http', status: 502 }, 'http'],
    [{ path, kind: 'errcode', errcode: -1 }, 'errcode'],
  ] as const)('%p', async (fault, trouble) => {
    sandbox.control.inject(fault)
    const error = await room.wechat.codeToSession(sandbox.control.loginCode('lin')).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(WechatError)
    expect(error).toMatchObject({ trouble, outcome: 'unknown', meaning: 'away' })
    expect(sandbox.control.calls(path)).toHaveLength(1)
  })

  test('slow: the time limit ends it', async () => {
    sandbox.control.inject({ path, kind: 'latency', ms: 2000 })
    const slow = room.another(100).codeToSession(sandbox.control.loginCode('lin'))
    await expect(slow).rejects.toMatchObject({ trouble: 'timeout' })
  })

  test('slow, but in time', async () => {
    sandbox.control.inject({ path, kind: 'latency', ms: 50 })
    await room.wechat.codeToSession(sandbox.control.loginCode('lin'))
  })

  test('system error on a question is asked again', async () => {
    sandbox.control.visit('lin')
    sandbox.control.inject({ path: '/wxa/getuserriskrank', kind: 'errcode', errcode: -1 })
    const openid = openidOf(keys.weapp.appid, 'lin')
    expect(await room.wechat.riskRank({ openid, scene: 'join', clientIp: '203.0.113.5' })).toEqual({ rank: 0 })
  })

  test('nothing secret was written down', async () => {
    const code = sandbox.control.loginCode('lin')
    await room.wechat.codeToSession(code)
    await room.wechat.codeToSession(code).catch(() => {})
    await room.wechat.phoneNumber(sandbox.control.phoneCode('lin'))
    const token = String((await room.token()).body.access_token)
    const written = room.lines.join('\n')
    expect(room.lines.length).toBeGreaterThan(3)
    for (const secret of [code, token, keys.weapp.secret, '13800002207']) expect(written).not.toContain(secret)
  })
})
