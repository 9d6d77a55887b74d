import { contractRoom, openSandbox, TEMPLATE } from './contract-room'
import { DEMO_APPS, openidOf, type Sandbox } from './index'
import { dataRefusal } from './subscribe-rules'

const SEND = '/cgi-bin/message/subscribe/send'
const openid = openidOf(DEMO_APPS.weapp.appid, 'mei')
const data = { thing1: '湖滨店', number2: '68', time3: '2026年11月22日 15:01', thing4: '12 月 7 日起可用' }
const message = { openid, templateId: TEMPLATE, page: 'tabs/home/index?from=message', data }

let sandbox: Sandbox
let room: ReturnType<typeof contractRoom>

beforeEach(async () => {
  sandbox = await openSandbox()
  room = contractRoom(sandbox.url)
})
afterEach(() => sandbox.close())

test('one accept, one message', async () => {
  expect(await room.wechat.sendSubscribeMessage(message)).toMatchObject({ reason: 'no_consent', errcode: 43101 })
  expect([sandbox.control.accept('mei', TEMPLATE), sandbox.control.accept('mei', TEMPLATE)]).toEqual([
    { left: 1 },
    { left: 2 },
  ])
  expect(await room.wechat.sendSubscribeMessage(message)).toEqual({ outcome: 'sent' })
  expect(await room.wechat.sendSubscribeMessage(message)).toEqual({ outcome: 'sent' })
  expect(await room.wechat.sendSubscribeMessage(message)).toMatchObject({ reason: 'no_consent' })
  expect(sandbox.control.sent()).toEqual([
    expect.objectContaining({ person: 'mei', openid, templateId: TEMPLATE, page: message.page, data }),
    expect.objectContaining({ person: 'mei' }),
  ])
})

test('two at once to one person: the second is told to wait', async () => {
  sandbox.control.accept('mei', TEMPLATE)
  sandbox.control.accept('mei', TEMPLATE)
  await room.wechat.sendSubscribeMessage({ ...message, openid: 'oStranger' })
  const both = await Promise.all([1, 2].map(() => room.wechat.sendSubscribeMessage(message)))
  expect(both).toContainEqual({ outcome: 'sent' })
  expect(both).toContainEqual(expect.objectContaining({ reason: 'busy', errcode: 43108, retryable: true }))
})

test.each([
  [{ openid: 'oStranger' }, 'person_unknown'],
  [{ templateId: 'unknown' }, 'template_unknown'],
  [{ page: 'pages/nowhere/index' }, 'page_unknown'],
  [{ data: { ...data, thing1: '一'.repeat(21) } }, 'data_invalid'],
  [{ data: { thing1: '湖滨店' } }, 'data_invalid'],
])('%p → %s, and no consent is lost', async (change, reason) => {
  sandbox.control.accept('mei', TEMPLATE)
  const outcome = await room.wechat.sendSubscribeMessage({ ...message, ...change })
  expect(outcome).toMatchObject({ outcome: 'refused', reason, retryable: false })
  expect(sandbox.control.consentsLeft('mei', TEMPLATE)).toBe(1)
  expect(sandbox.control.sent()).toEqual([])
})

test.each(['drop', 'garbage'] as const)('%s after the sending: unknown, and it was sent once', async (kind) => {
  sandbox.control.accept('mei', TEMPLATE)
  sandbox.control.accept('mei', TEMPLATE)
  sandbox.control.inject({ path: SEND, kind, when: 'after' })
  expect(await room.wechat.sendSubscribeMessage(message)).toMatchObject({ outcome: 'unknown' })
  expect(sandbox.control.sent()).toHaveLength(1)
})

test('system error: unknown, not repeated', async () => {
  sandbox.control.accept('mei', TEMPLATE)
  sandbox.control.inject({ path: SEND, kind: 'errcode', errcode: -1 })
  expect(await room.wechat.sendSubscribeMessage(message)).toMatchObject({ outcome: 'unknown', errcode: -1 })
  expect(sandbox.control.calls(SEND)).toHaveLength(1)
})

test('a refused token before the sending: another token, one message', async () => {
  sandbox.control.accept('mei', TEMPLATE)
  await room.wechat.sendSubscribeMessage({ ...message, openid: 'oStranger' })
  sandbox.control.killTokens()
  expect(await room.wechat.sendSubscribeMessage(message)).toEqual({ outcome: 'sent' })
  expect(sandbox.control.sent()).toHaveLength(1)
})

test.each([
  ['', 44002],
  ['{"touser":', 47001],
  ['[]', 47001],
  [JSON.stringify({ touser: openid, template_id: TEMPLATE, data: '{}' }), 47001],
])('the body %p', async (body, errcode) => {
  const token = String((await room.token()).body.access_token)
  expect(await room.post(SEND, { access_token: token }, body)).toMatchObject({ status: 200, errcode })
})

test.each([
  ['thing1', '一'.repeat(20), true],
  ['thing1', '一'.repeat(21), false],
  ['number1', '68.50', true],
  ['number1', '68 分', false],
  ['letter1', 'abc', true],
  ['letter1', 'a1', false],
  ['symbol1', '***', true],
  ['symbol1', 'a', false],
  ['character_string1', 'A-1/2', true],
  ['character_string1', '单号1', false],
  ['time1', '15:01', true],
  ['time1', '2026年11月22日 15:01~16:00', true],
  ['time1', '2026-11-22', false],
  ['date1', '2026年11月22日', true],
  ['date1', '明天', false],
  ['amount1', '¥68.00', true],
  ['amount1', '68元', true],
  ['amount1', '六十八', false],
  ['phone_number1', '+86-571-88888888', true],
  ['phone_number1', 'none', false],
  ['car_number1', '浙A·88888', true],
  ['car_number1', '浙A·8888888', false],
  ['name1', '欧阳小林', true],
  ['name1', 'Lin 小', false],
  ['phrase1', '已到账', true],
  ['phrase1', '积分已经到账', false],
])('%s %p: %p', (key, value, right) => {
  expect(dataRefusal([key], { [key]: { value } }) === null).toBe(right)
})
