import { createHash, randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { testDatabase } from '../../../test/support/database'
import { createSandbox, DEMO_APPS, demoApps, type Sandbox } from '../../../test/wechat-sandbox'
import { heldClock, newMember, openHouse, TEMPLATE_IDS, type TestHouse } from '../outbox/outbox.fixture'
import type { PushSetup } from '../wechat'
import { forgetNotices } from './forget-notices'
import { handleNotify } from './handle-notify'
import { notifyRoute } from './notify-route'

const TOKEN = 'push-token'
const AES_KEY = randomBytes(32).toString('base64').slice(0, 43)
const appids = [DEMO_APPS.weapp.appid]
const PLAIN: PushSetup = { token: TOKEN, appids }
const SAFE: PushSetup = { token: TOKEN, aesKey: AES_KEY, appids }
const TEMPLATE = TEMPLATE_IDS.points_arrived

const database = testDatabase()
const clock = heldClock()
let one: TestHouse
let two: TestHouse
beforeAll(() => {
  one = openHouse(database.url, { clock, weappId: DEMO_APPS.weapp.appid })
  two = openHouse(database.url, { clock, weappId: DEMO_APPS.weapp.appid })
})
afterAll(() => Promise.all([one.close(), two.close()]))

const sign = (parts: string[]) =>
  createHash('sha1')
    .update([...parts].sort().join(''))
    .digest('hex')
function query(at = clock.at.getTime(), more: Record<string, string> = {}) {
  const timestamp = String(Math.floor(at / 1000))
  return { timestamp, nonce: '42', signature: sign([TOKEN, timestamp, '42']), ...more }
}
interface Said {
  openid: string
  event: string
  list?: unknown
  at?: number
}
const body = ({ openid, event, list, at = clock.at.getTime() }: Said) =>
  JSON.stringify({
    ToUserName: 'gh_1',
    FromUserName: openid,
    CreateTime: Math.floor(at / 1000),
    MsgType: 'event',
    Event: event,
    ...(list ? { List: list } : {}),
  })
const push = (said: Said, house = one) =>
  handleNotify(house.ctx, [PLAIN], { method: 'POST', query: query(), rawBody: body(said) })
const OK = { status: 200, body: 'success' }

async function reader(count = 3) {
  const member = await newMember(one)
  await one.house.sql('outbox_allow', {
    memberId: member.memberId,
    template: 'points_arrived',
    count,
    at: one.house.now(),
  })
  return member
}
const left = async (memberId: string) => (await one.ctx.db.messageConsent.findFirst({ where: { memberId } }))?.remaining
const notices = () => one.ctx.db.wechatNotice.count()
const rejected = (openid: string, templateId = TEMPLATE): Said => ({
  openid,
  event: 'subscribe_msg_change_event',
  list: { TemplateId: templateId, SubscribeStatusString: 'reject' },
})

describe('the check of the address', () => {
  test('echoes what WeChat sent, and nothing of a stranger', async () => {
    const asked = { method: 'GET', query: query(clock.at.getTime(), { echostr: '7733' }), rawBody: '' }
    expect(await handleNotify(one.ctx, [PLAIN], asked)).toEqual({ status: 200, body: '7733' })
    const forged = { ...asked, query: { ...asked.query, signature: 'x' } }
    expect(await handleNotify(one.ctx, [PLAIN], forged)).toEqual({ status: 403, body: '' })
    expect((await handleNotify(one.ctx, [PLAIN], { ...asked, query: {} })).status).toBe(403)
  })
})

describe('a push', () => {
  test('that takes a template back leaves no message of it allowed', async () => {
    const { openid, memberId } = await reader()
    expect(await push(rejected(openid))).toEqual(OK)
    expect(await left(memberId)).toBe(0)
  })

  test('with several entries (an array) is read whole; accepted and unknown entries change nothing', async () => {
    const { openid, memberId } = await reader()
    const list = [
      { TemplateId: 'elsewhere', SubscribeStatusString: 'reject' },
      { TemplateId: TEMPLATE, SubscribeStatusString: 'accept' },
    ]
    expect(await push({ openid, event: 'subscribe_msg_change_event', list })).toEqual(OK)
    expect(await left(memberId)).toBe(3)
    list.push({ TemplateId: TEMPLATE, SubscribeStatusString: 'reject' })
    expect(await push({ openid, event: 'subscribe_msg_change_event', list, at: clock.at.getTime() + 1_000 })).toEqual(
      OK,
    )
    expect(await left(memberId)).toBe(0)
  })

  test('is acted on once, however often and at however many processes it arrives', async () => {
    const { openid, memberId } = await reader()
    const before = await notices()
    const answers = await Promise.all(Array.from({ length: 16 }, (_, i) => push(rejected(openid), i % 2 ? one : two)))
    expect(answers).toEqual(Array(16).fill(OK))
    expect(await notices()).toBe(before + 1)
    await one.house.sql('outbox_allow', { memberId, template: 'points_arrived', count: 2, at: one.house.now() })
    expect(await push(rejected(openid))).toEqual(OK)
    expect(await left(memberId)).toBe(2)
  })

  test('whose act fails is not marked as done: the next try acts', async () => {
    const { openid, memberId } = await reader()
    const before = await notices()
    const broken = {
      ...one.ctx,
      templates: new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('broken')
          },
        },
      ),
    }
    const asked = { method: 'POST', query: query(), rawBody: body(rejected(openid)) }
    await expect(handleNotify(broken, [PLAIN], asked)).rejects.toThrow('broken')
    expect(await notices()).toBe(before)
    expect(await handleNotify(one.ctx, [PLAIN], asked)).toEqual(OK)
    expect(await left(memberId)).toBe(0)
  })

  test('that tells of an accepted pop-up adds nothing: the phone counts it', async () => {
    const { openid, memberId } = await reader()
    const list = { TemplateId: TEMPLATE, SubscribeStatusString: 'accept', PopupScene: '1' }
    expect(await push({ openid, event: 'subscribe_msg_popup_event', list })).toEqual(OK)
    expect(await left(memberId)).toBe(3)
  })

  test('of an unknown event or an unknown person is thanked for', async () => {
    const { openid } = await reader()
    for (const event of ['user_info_modified', 'toString', '', '小程序'])
      expect(await push({ openid, event })).toEqual(OK)
    expect(await push(rejected('o-nobody'))).toEqual(OK)
  })

  test('keeps no openid in its notice', async () => {
    const { openid } = await reader()
    await push(rejected(openid))
    expect(JSON.stringify(await one.ctx.db.wechatNotice.findMany())).not.toContain(openid)
  })

  test.each([
    ['another signature', () => ({ query: query(clock.at.getTime(), { signature: 'x' }) }), 403],
    ['no signature', () => ({ query: {} }), 403],
    ['a signature given twice', () => ({ query: { ...query(), signature: ['a', 'b'] } }), 403],
    ['XML', () => ({ rawBody: '<xml><Event>x</Event></xml>' }), 400],
    ['no body', () => ({ rawBody: '' }), 400],
    ['an array', () => ({ rawBody: '[]' }), 400],
    ['a signature of eight days ago', () => ({ query: query(clock.at.getTime() - 8 * 86_400_000) }), 403],
    ['another method', () => ({ method: 'PUT' }), 405],
  ])('with %s is refused', async (_what, more, status) => {
    const { openid, memberId } = await reader()
    const asked = { method: 'POST', query: query(), rawBody: body(rejected(openid)), ...more() }
    expect(await handleNotify(one.ctx, [PLAIN], asked)).toEqual({ status, body: '' })
    expect(await left(memberId)).toBe(3)
  })

  test('in plain text is refused where the console says encrypted', async () => {
    const { openid, memberId } = await reader()
    const asked = { method: 'POST', query: query(), rawBody: body(rejected(openid)) }
    expect((await handleNotify(one.ctx, [SAFE], asked)).status).toBe(403)
    expect(await left(memberId)).toBe(3)
  })
})

describe('the report of a delivery', () => {
  const report = (openid: string, code: string, words: string, at = clock.at.getTime()): Said => ({
    openid,
    event: 'subscribe_msg_sent_event',
    list: { TemplateId: TEMPLATE, MsgID: '1', ErrorCode: code, ErrorStatus: words },
    at,
  })
  /** A member with one message in this state, finished now. */
  async function message(state: string) {
    const { openid, memberId } = await reader()
    await one.house.sql('outbox_put', { memberId, template: 'points_arrived', payload: {}, at: one.house.now() })
    await one.ctx.db.outboxMessage.updateMany({ where: { memberId }, data: { state, finishedAt: one.house.now() } })
    return { openid, now: () => one.ctx.db.outboxMessage.findFirstOrThrow({ where: { memberId } }) }
  }

  test('is noted at the message', async () => {
    const { openid, now } = await message('sent')
    await push(report(openid, '0', 'success'))
    expect(await now()).toMatchObject({ state: 'sent', outcome: 'delivery: 0 success' })
  })

  test('settles a sending that nobody knew the end of, when it succeeded', async () => {
    const [a, b] = [await message('unknown'), await message('unknown')]
    await push(report(a.openid, '0', 'success'))
    await push(report(b.openid, '43108', 'concurrent'))
    expect((await a.now()).state).toBe('sent')
    expect(await b.now()).toMatchObject({ state: 'unknown', outcome: 'delivery: 43108 concurrent' })
  })

  test('leaves messages of another time, and those that were not sent, alone', async () => {
    const [a, b] = [await message('sent'), await message('dropped')]
    await push(report(a.openid, '0', 'success', clock.at.getTime() + 11 * 60_000))
    await push(report(b.openid, '0', 'success'))
    expect([(await a.now()).outcome, (await b.now()).outcome]).toEqual([null, null])
  })
})

describe('over HTTP, from the stand-in', () => {
  let sandbox: Sandbox
  let server: ReturnType<express.Express['listen']>
  let url: string
  beforeAll(async () => {
    sandbox = createSandbox({ apps: demoApps(DEMO_APPS) })
    sandbox.control.hold(clock.at.getTime())
    const app = express()
    app.use('/plain', express.raw({ type: () => true }), notifyRoute(one.house, [PLAIN]))
    app.use('/safe', express.raw({ type: () => true }), notifyRoute(one.house, [SAFE]))
    app.use('/bare', notifyRoute(one.house, [PLAIN]))
    await new Promise<void>((done) => {
      server = app.listen(0, '127.0.0.1', () => done())
    })
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((done) => server.close(done)))

  test.each(['plain', 'safe'] as const)('the address is checked and a push is acted on (%s)', async (mode) => {
    const person = sandbox.control.addPerson({ key: `reader-${mode}`, name: '读者' })
    const { memberId } = await newMember(one, { openid: person.openids[DEMO_APPS.weapp.appid]! })
    await one.house.sql('outbox_allow', { memberId, template: 'points_arrived', count: 3, at: one.house.now() })
    const target = { url: `${url}/${mode}`, token: TOKEN, ...(mode === 'safe' ? { aesKey: AES_KEY } : {}) }
    expect(await sandbox.control.greetPush(target)).toBe(true)
    const order = {
      person: person.key,
      event: 'subscribe_msg_change_event',
      list: [{ TemplateId: TEMPLATE, SubscribeStatusString: 'reject' }],
      target,
    }
    const forged = await sandbox.control.push({ ...order, forged: true })
    expect(forged).toMatchObject({ accepted: false, status: 403 })
    expect(await left(memberId)).toBe(3)
    expect(await sandbox.control.push(order)).toEqual({ attempts: 1, status: 200, answer: 'success', accepted: true })
    expect(await left(memberId)).toBe(0)
  })

  test('the echo is plain text, so that it can be no page', async () => {
    const asked = new URLSearchParams(query(clock.at.getTime(), { echostr: '<script>' }))
    const answer = await fetch(`${url}/plain?${asked}`)
    expect([await answer.text(), answer.headers.get('content-type')]).toEqual(['<script>', 'text/plain; charset=utf-8'])
  })

  test('a body that nobody read is refused, not a crash', async () => {
    const answer = await fetch(`${url}/bare?${new URLSearchParams(query())}`, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(400)
  })
})

test('notices are forgotten when no signature can bring them back', async () => {
  await one.ctx.db.wechatNotice.deleteMany()
  const { openid } = await reader()
  await push(rejected(openid))
  const before = clock.at.getTime()
  clock.pass(8 * 86_400_000)
  expect(await forgetNotices(one.ctx)).toBe(0)
  clock.pass(1)
  expect(await forgetNotices(one.ctx)).toBe(1)
  clock.at = new Date(before)
})
