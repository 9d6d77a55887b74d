import { memoryTokenStore, type TokenStore } from './token-store'
import { failure, scriptedRoom, WEAPP } from './wechat.fixture'

const TOKEN = '/cgi-bin/stable_token'
const RISK = '/wxa/getuserriskrank'
const question = { openid: 'oPerson', scene: 'join', clientIp: '203.0.113.5' } as const
const ok = { errcode: 0, errmsg: 'getuserriskrank succ', risk_rank: 1 }
const bad = { errcode: 40001, errmsg: 'invalid credential, rid: 66d02a4c-6788a203-083e9b71' }
const token = (name: string, seconds = 7200) => ({ access_token: name, expires_in: seconds })

test('64 calls at once fetch one token', async () => {
  const room = scriptedRoom({ [TOKEN]: [token('token-one')], [RISK]: [ok] })
  await Promise.all(Array.from({ length: 64 }, () => room.wechat.riskRank(question)))
  expect(room.count(TOKEN)).toBe(1)
  expect(room.count(RISK)).toBe(64)
})

test('a second process takes the token from the store and fetches none', async () => {
  const tokenStore = memoryTokenStore()
  await scriptedRoom({ [TOKEN]: [token('token-one')], [RISK]: [ok] }, { tokenStore }).wechat.riskRank(question)
  const second = scriptedRoom({ [RISK]: [ok] }, { tokenStore })
  await second.wechat.riskRank(question)
  expect(second.count(TOKEN)).toBe(0)
  expect(second.sent[0]?.query).toEqual({ access_token: 'token-one' })
})

test('a token near its end is fetched again, one far from it is not', async () => {
  let at = Date.UTC(2026, 10, 22)
  const room = scriptedRoom(
    { [TOKEN]: [token('token-one'), token('token-two')], [RISK]: [ok] },
    { now: () => new Date(at) },
  )
  await room.wechat.riskRank(question)
  at += 7_000_000
  await room.wechat.riskRank(question)
  expect(room.count(TOKEN)).toBe(1)
  at += 100_000
  await room.wechat.riskRank(question)
  expect(room.count(TOKEN)).toBe(2)
})

test.each([40001, 40014, 42001])('%i: another token, one retry', async (errcode) => {
  const room = scriptedRoom({
    [TOKEN]: [token('token-one'), token('token-two')],
    [RISK]: [{ errcode, errmsg: 'no' }, ok],
  })
  expect(await room.wechat.riskRank(question)).toEqual({ rank: 1 })
  expect(room.sent.map((one) => one.query.access_token).filter(Boolean)).toEqual(['token-one', 'token-two'])
  expect(room.sent.filter((one) => one.body.force_refresh === true)).toHaveLength(0)
})

test('64 calls refused at once renew the token once', async () => {
  const refusals = Array.from({ length: 64 }, () => bad)
  const room = scriptedRoom({ [TOKEN]: [token('token-one'), token('token-two')], [RISK]: [...refusals, ok] })
  const ranks = await Promise.all(Array.from({ length: 64 }, () => room.wechat.riskRank(question)))
  expect(ranks.every((one) => one.rank === 1)).toBe(true)
  expect(room.count(TOKEN)).toBe(2)
})

test('a refused token that WeChat hands out again is renewed by force, at most every 30 s and 20 times a day', async () => {
  let at = Date.UTC(2026, 10, 22)
  const room = scriptedRoom({ [TOKEN]: [token('token-one')], [RISK]: [bad] }, { now: () => new Date(at) })
  const forced = () => room.sent.filter((one) => one.body.force_refresh === true).length
  expect(await failure(room.wechat.riskRank(question))).toMatchObject({ errcode: 40001, meaning: 'setup' })
  expect(forced()).toBe(1)
  at += 29_000
  await failure(room.wechat.riskRank(question))
  expect(forced()).toBe(1)
  for (let turn = 0; turn < 25; turn += 1) {
    at += 31_000
    await failure(room.wechat.riskRank(question))
  }
  expect(forced()).toBe(20)
  at += 86_400_000
  await failure(room.wechat.riskRank(question))
  expect(forced()).toBe(21)
})

test('a forced token is used', async () => {
  const room = scriptedRoom({
    [TOKEN]: [token('token-one'), token('token-one'), token('token-forced')],
    [RISK]: [bad, ok],
  })
  expect(await room.wechat.riskRank(question)).toEqual({ rank: 1 })
  expect(room.sent.at(-1)?.query.access_token).toBe('token-forced')
})

test('a broken store costs a fetch, not the call', async () => {
  const away: TokenStore = {
    read: () => Promise.reject(new Error('no database')),
    write: () => Promise.reject(new Error('no database')),
  }
  const room = scriptedRoom({ [TOKEN]: [token('token-one')], [RISK]: [ok] }, { tokenStore: away })
  await room.wechat.riskRank(question)
  await room.wechat.riskRank(question)
  expect(room.count(TOKEN)).toBe(1)
  expect(room.lines.join()).toContain('token store gave no answer')
})

test('a failed fetch is not kept: the next call tries again', async () => {
  const room = scriptedRoom({
    [TOKEN]: [{ errcode: 40125, errmsg: `invalid appsecret ${WEAPP.secret}` }, token('token-one')],
    [RISK]: [ok],
  })
  const error = await failure(room.wechat.riskRank(question))
  expect(error).toMatchObject({ errcode: 40125, meaning: 'setup', outcome: 'refused', endpoint: TOKEN })
  expect(await room.wechat.riskRank(question)).toEqual({ rank: 1 })
})

test('system error on the token is tried once more', async () => {
  const room = scriptedRoom({ [TOKEN]: [{ errcode: -1, errmsg: 'system error' }, token('token-one')], [RISK]: [ok] })
  expect(await room.wechat.riskRank(question)).toEqual({ rank: 1 })
  expect(room.count(TOKEN)).toBe(2)
})

test('a store that outlives the token is not believed', async () => {
  const tokenStore = memoryTokenStore()
  await tokenStore.write(WEAPP.appid, 'token-old', new Date(0))
  const room = scriptedRoom({ [TOKEN]: [token('token-one')], [RISK]: [ok] }, { tokenStore })
  await room.wechat.riskRank(question)
  expect(room.sent.at(-1)?.query.access_token).toBe('token-one')
})
