import { failure, scriptedRoom } from './wechat.fixture'

const TOKEN = '/cgi-bin/stable_token'
const CODE = '/wxa/getwxacodeunlimit'
const token = { access_token: 'the-access-token', expires_in: 7200 }
const wish = { scene: 'l=Ab3dEf6H', page: 'tabs/home/index' }
const PNG = [0x89, 0x50, 0x4e, 0x47]
const JPEG = [0xff, 0xd8, 0xff, 0xe0]

const picture = (bytes: number[], type: string) => () =>
  new Response(new Uint8Array(bytes), { headers: { 'content-type': type } })

test.each([
  ['image/png', PNG, 'image/png'],
  ['image/jpeg', JPEG, 'image/jpeg'],
  ['image/jpeg', PNG, 'image/png'],
])('a picture said to be %s is what its first byte says', async (type, bytes, mime) => {
  const room = scriptedRoom({ [TOKEN]: [token], [CODE]: [picture(bytes, type)] })
  const got = await room.wechat.wxaCodeUnlimited(wish)
  expect([[...got.bytes], got.mime]).toEqual([bytes, mime])
  expect(room.sent[1]).toMatchObject({ method: 'POST', query: { access_token: 'the-access-token' }, body: wish })
})

test('which build and how wide are asked for only when wished', async () => {
  const room = scriptedRoom({ [TOKEN]: [token], [CODE]: [picture(JPEG, 'image/jpeg')] })
  await room.wechat.wxaCodeUnlimited(wish)
  await room.wechat.wxaCodeUnlimited({ ...wish, envVersion: 'trial', width: 600 })
  expect(room.sent.slice(1).map(({ body }) => body)).toEqual([wish, { ...wish, env_version: 'trial', width: 600 }])
})

test.each([
  [40169, 'other'],
  [41030, 'other'],
  [45009, 'setup'],
])('JSON with %d in place of a picture is a refusal', async (errcode, meaning) => {
  const room = scriptedRoom({ [TOKEN]: [token], [CODE]: [{ errcode, errmsg: 'no' }] })
  expect(await failure(room.wechat.wxaCodeUnlimited(wish))).toMatchObject({ trouble: 'errcode', errcode, meaning })
  expect(room.count(CODE)).toBe(1)
})

test.each([
  ['JSON without a number', { errmsg: 'ok' }],
  ['a web page', '<html></html>'],
  ['nothing', ''],
])('%s is no picture', async (_name, reply) => {
  const room = scriptedRoom({ [TOKEN]: [token], [CODE]: [reply] })
  expect(await failure(room.wechat.wxaCodeUnlimited(wish))).toMatchObject({ trouble: 'garbage', outcome: 'refused' })
})

test('system error is asked again, a refused token is replaced', async () => {
  const room = scriptedRoom({
    [TOKEN]: [token, { ...token, access_token: 'another-token' }],
    [CODE]: [{ errcode: -1 }, { errcode: 40001 }, picture(PNG, 'image/png')],
  })
  expect((await room.wechat.wxaCodeUnlimited(wish)).mime).toBe('image/png')
  expect(room.sent.at(-1)?.query.access_token).toBe('another-token')
})
