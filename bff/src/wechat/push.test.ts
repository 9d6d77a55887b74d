import { openPush, parsePush, pushGreeting } from './push'
import { decryptPush, encryptPush, signPushMessage, verifyPushUrl } from './push-crypto'
import { ENCRYPT_VECTOR, URL_VECTOR } from './push-vectors.fixture'

const { signature, ...signed } = URL_VECTOR
const event = {
  ToUserName: 'gh_1',
  FromUserName: 'oPerson',
  CreateTime: 1714036504,
  MsgType: 'event',
  Event: 'user_authorization_revoke',
  RevokeInfo: '8',
}
const body = JSON.stringify(event)
const plain = { signature, timestamp: signed.timestamp, nonce: signed.nonce }
const plainSetup = [{ token: signed.token, appids: ['wxfirst', 'wxsecond'] }]
const safeSetup = { token: signed.token, aesKey: ENCRYPT_VECTOR.aesKey, appids: ['wxfirst', ENCRYPT_VECTOR.appid] }

function safe(text: string, appid = ENCRYPT_VECTOR.appid) {
  const encrypted = encryptPush(ENCRYPT_VECTOR.aesKey, appid, text)
  const query = { ...plain, encrypt_type: 'aes', msg_signature: signPushMessage(signed, encrypted) }
  return { query, body: JSON.stringify({ ToUserName: 'gh_1', Encrypt: encrypted }) }
}

test('the address signature, its vector', () => {
  expect(verifyPushUrl(signed, signature)).toBe(true)
  expect(verifyPushUrl(signed, signature.replace('f', 'e'))).toBe(false)
  expect(verifyPushUrl(signed, '')).toBe(false)
  expect(verifyPushUrl({ ...signed, token: 'BBBBB' }, signature)).toBe(false)
})

test('encryption, its vector, there and back', () => {
  const { aesKey, appid, text, random, encrypted } = ENCRYPT_VECTOR
  expect(encryptPush(aesKey, appid, text, Buffer.from(random))).toBe(encrypted)
  expect(decryptPush(aesKey, appid, encrypted)).toBe(text)
  expect(decryptPush(aesKey, 'wxother', encrypted)).toBeNull()
})

test.each(['', 'AAAA', 'not base64 at all', Buffer.alloc(64, 7).toString('base64')])('%p opens to nothing', (junk) => {
  expect(decryptPush(ENCRYPT_VECTOR.aesKey, ENCRYPT_VECTOR.appid, junk)).toBeNull()
})

test('the greeting is given back only to WeChat', () => {
  expect(pushGreeting(signed.token, { ...plain, echostr: '7788' })).toBe('7788')
  expect(pushGreeting(signed.token, { ...plain, nonce: '1', echostr: '7788' })).toBeNull()
  expect(pushGreeting(signed.token, { signature: ['a'], echostr: { a: 1 } })).toBeNull()
  expect(pushGreeting(signed.token, {})).toBeNull()
})

test('a plain push', () => {
  const opened = openPush(plainSetup, plain, body)
  expect(opened).toEqual({
    event: {
      toUser: 'gh_1',
      fromUser: 'oPerson',
      openid: 'oPerson',
      appids: ['wxfirst', 'wxsecond'],
      revoked: [8],
      createdAt: new Date(1714036504000),
      msgType: 'event',
      event: 'user_authorization_revoke',
      list: [],
      dedupeKey: 'oPerson:1714036504:user_authorization_revoke::::8',
      raw: event,
    },
  })
})

test('an encrypted push, of any of our apps', () => {
  const { query, body: sealed } = safe(body)
  expect(openPush([safeSetup], query, sealed)).toMatchObject({
    event: { fromUser: 'oPerson', appids: [ENCRYPT_VECTOR.appid] },
  })
})

test('consoles with settings of their own: each push is opened with the one that signed it', () => {
  const other = { token: 'another', aesKey: 'A'.repeat(43), appids: ['wxother'] }
  const { query, body: sealed } = safe(body)
  for (const setups of [
    [other, safeSetup],
    [safeSetup, other],
    [{ ...other, token: signed.token }, safeSetup],
  ])
    expect(openPush(setups, query, sealed)).toMatchObject({ event: { appids: [ENCRYPT_VECTOR.appid] } })
  expect(openPush([other], query, sealed)).toEqual({ refusal: 'signature' })
  expect(openPush([], query, sealed)).toEqual({ refusal: 'signature' })
})

test('a change of permissions: the person and the app are named inside, and two people of one second are two events', () => {
  const told = (person: string, more: object = {}) =>
    JSON.stringify({ ...event, FromUserName: 'oService', ' OpenID': person, ' AppID': 'wxsecond', ...more })
  const open = (text: string) => openPush(plainSetup, plain, text) as { event: { dedupeKey: string } }
  const first = open(told('oOne', { RevokeInfo: '6,19、8' }))
  expect(first).toMatchObject({ event: { openid: 'oOne', appids: ['wxsecond'], revoked: [6, 19, 8] } })
  const keys = [
    first,
    open(told('oTwo')),
    open(told('oOne', { RevokeInfo: 20 })),
    open(told('oOne', { AppID: 'wxfirst' })),
  ]
  expect(new Set(keys.map((opened) => opened.event.dedupeKey)).size).toBe(4)
  expect(open(told('oOne', { ' AppID': 'wxelse' }))).toEqual({ refusal: 'app' })
  const sealed = safe(told('oOne', { ' AppID': 'wxfirst' }))
  expect(openPush([safeSetup], sealed.query, sealed.body)).toEqual({ refusal: 'app' })
})

test.each([
  ['a wrong signature', { token: signed.token, appids: [] }, { ...plain, signature: 'x' }, body, 'signature'],
  ['plain text where a key is set', safeSetup, plain, body, 'plain_text'],
  ['XML', { token: signed.token, appids: [] }, plain, '<xml></xml>', 'format'],
  ['JSON without the fields', { token: signed.token, appids: [] }, plain, '{}', 'format'],
  ['another app', safeSetup, safe(body, 'wxother').query, safe(body, 'wxother').body, 'signature'],
  ['no key', { token: signed.token, appids: [] }, safe(body).query, '{"Encrypt":1}', 'format'],
])('refused: %s', (_name, setup, query, text, refusal) => {
  expect(openPush([setup], query, text)).toEqual({ refusal })
})

test('refused: sealed for another app, or with a key we do not hold', () => {
  const other = safe(body, 'wxother')
  expect(openPush([safeSetup], other.query, other.body)).toEqual({ refusal: 'encryption' })
  const ours = safe(body)
  expect(openPush([{ token: signed.token, appids: safeSetup.appids }], ours.query, ours.body)).toEqual({
    refusal: 'encryption',
  })
})

test('List is an object when single, an array when several', () => {
  const entry = { TemplateId: 't1', MsgID: '1864323726461255680', ErrorCode: '0', ErrorStatus: 'success' }
  const single = parsePush(JSON.stringify({ ...event, Event: 'subscribe_msg_sent_event', List: entry }))
  const several = parsePush(JSON.stringify({ ...event, Event: 'subscribe_msg_sent_event', List: [entry, entry] }))
  expect(single?.list).toEqual([entry])
  expect(several?.list).toHaveLength(2)
  expect(single?.dedupeKey).not.toBe(several?.dedupeKey)
})
