import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import sharp from 'sharp'
import { mediaCheckedIn, openPush } from '../../bff/src/wechat'
import { contractRoom, openSandbox } from './contract-room'
import { DEMO_APPS, openidOf, type Sandbox } from './index'

const { weapp } = DEMO_APPS
const openid = openidOf(weapp.appid, 'mei')
const stranger = 'oAAAAAAAAAAAAAAAAAAAAAAAAAAA'
const TEXT = '/wxa/msg_sec_check'
const MEDIA = '/wxa/media_check_async'

let sandbox: Sandbox
let room: ReturnType<typeof contractRoom>
let query: { access_token: string }
beforeEach(async () => {
  sandbox = await openSandbox()
  room = contractRoom(sandbox.url)
  query = { access_token: String((await room.token()).body.access_token) }
  sandbox.control.visit('mei')
})
afterEach(() => sandbox.close())

test('a text is passed, doubted or forbidden, and never written down', async () => {
  const say = (text: string) => room.wechat.securityText({ openid, scene: 'comment', text })
  expect(await say('桂花乌龙很香')).toEqual({ suggest: 'pass', label: 100 })
  expect(await say('想喝茶加微信')).toEqual({ suggest: 'review', label: 10001 })
  expect(await say('这里有违禁的话')).toEqual({ suggest: 'risky', label: 20006 })
  sandbox.control.inject({ path: TEXT, kind: 'errcode', errcode: 40001, errmsg: 'invalid: 违禁小秘密' })
  await say('违禁小秘密')
  expect(room.lines.join('\n')).not.toContain('违禁小秘密')
})

test('what both checks refuse: a person unseen for two hours or unknown, another scene, version or form', async () => {
  const media = { openid, media_url: 'https://a.example/p.jpg', media_type: 2, version: 2, scene: 2 }
  const text = { openid, content: '你好', version: 2, scene: 2 }
  const asked = async (path: string, body: object) => (await room.post(path, query, body)).errcode
  for (const [path, body] of [
    [TEXT, text],
    [MEDIA, media],
  ] as const) {
    expect(await asked(path, body)).toBe(0)
    expect(await asked(path, { ...body, openid: stranger })).toBe(40003)
    expect(await asked(path, { ...body, scene: 5 })).toBe(40129)
    expect(await asked(path, { ...body, version: 1 })).toBe(47001)
    expect((await room.post(path, query, '')).errcode).toBe(44002)
  }
  expect(await asked(TEXT, { ...text, content: 'x'.repeat(2_501) })).toBe(47001)
  expect(await asked(MEDIA, { ...media, media_type: 3 })).toBe(47001)
  expect(await asked(MEDIA, { ...media, media_url: 'wxfile://p.jpg' })).toBe(47001)
  sandbox.control.hold()
  sandbox.control.advance(2 * 3_600_000 + 1)
  const late = { refusal: 'no_recent_visit' }
  expect(await room.wechat.securityText({ openid, scene: 'comment', text: '你好' })).toEqual(late)
  expect(await room.wechat.mediaCheck({ openid, scene: 'comment', url: 'https://a.example/p.jpg' })).toEqual(late)
})

test('a picture is fetched, and the word on it is pushed under its name', async () => {
  const filled = (background: string) =>
    sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .jpeg()
      .toBuffer()
  const pictures: Record<string, Buffer> = {
    '/tea.jpg': await filled('#88aa66'),
    '/magenta.jpg': await filled('#ff00ff'),
    '/cyan.jpg': await filled('#00ffff'),
  }
  const told: unknown[] = []
  const far = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url as string, 'http://x')
    if (request.method === 'GET') return void response.writeHead(pictures[pathname] ? 200 : 404).end(pictures[pathname])
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      const opened = openPush([{ token: 't', appids: [weapp.appid] }], Object.fromEntries(searchParams), body)
      told.push('event' in opened ? mediaCheckedIn(opened.event.raw) : opened)
      response.end('success')
    })
  })
  await new Promise<void>((done) => far.listen(0, '127.0.0.1', done))
  const origin = `http://127.0.0.1:${(far.address() as AddressInfo).port}`
  sandbox.control.setPushTarget({ url: origin, token: 't' })
  const ask = async (path: string) => {
    const answer = await room.wechat.mediaCheck({ openid, scene: 'comment', url: `${origin}${path}?t=sealed-token` })
    if (!('traceId' in answer)) throw new Error('not asked')
    expect(await sandbox.control.pushMedia(answer.traceId)).toBe(true)
    return {
      traceId: answer.traceId,
      told: told.find((one) => (one as { traceId: string }).traceId === answer.traceId),
    }
  }
  const finds = { '/tea.jpg': ['pass', 100], '/magenta.jpg': ['risky', 20002], '/cyan.jpg': ['review', 21000] } as const
  for (const [path, [suggest, label]] of Object.entries(finds)) {
    const { traceId, told: word } = await ask(path)
    expect(word).toEqual({ traceId, verdict: { suggest, label } })
  }
  const gone = await ask('/gone.jpg')
  expect(gone.told).toEqual({ traceId: gone.traceId, verdict: null })
  expect(room.lines.join('\n')).not.toContain('sealed-token')
  await new Promise((done) => far.close(done))
})

test('a link from outside leads to a released page until its day', async () => {
  sandbox.control.hold()
  const days = (count: number) => new Date(sandbox.control.now() + count * 86_400_000)
  const wish = { path: 'tabs/home/index', query: 'l=Ab3dEf6H', expiresAt: days(30) }
  const { url } = await room.wechat.urlLink(wish)
  expect(await (await fetch(url)).text()).toContain('l=Ab3dEf6H')
  sandbox.control.advance(30 * 86_400_000)
  expect((await fetch(url)).status).toBe(404)
  const asked = async (more: object) =>
    room.wechat.urlLink({ ...wish, expiresAt: days(1), ...more }).then(
      () => 0,
      (error: { errcode: number }) => error.errcode,
    )
  expect(await asked({})).toBe(0)
  expect(await asked({ expiresAt: days(31) })).toBe(85401)
  expect(await asked({ expiresAt: days(0) })).toBe(85401)
  expect(await asked({ path: 'pages/none/none' })).toBe(40165)
  expect(await asked({ path: '/tabs/home/index' })).toBe(40165)
  expect(await asked({ query: 'x'.repeat(1_025) })).toBe(40212)
})
