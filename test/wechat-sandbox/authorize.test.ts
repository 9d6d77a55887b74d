import { contractRoom, openSandbox } from './contract-room'
import { DEMO_APPS, openidOf, type Sandbox, unionidOf } from './index'

let sandbox: Sandbox
let room: ReturnType<typeof contractRoom>

beforeEach(async () => {
  sandbox = await openSandbox()
  room = contractRoom(sandbox.url)
})
afterEach(() => sandbox.close())

const wish = { redirectUri: 'http://brand.test/?a=1#top', state: 'abc123' }
const open = async (address: string) => {
  const response = await fetch(address)
  return { status: response.status, html: await response.text() }
}

/** What a browser sends when a person is tapped. */
async function pick(html: string, person: string): Promise<Response> {
  const fields = [...html.matchAll(/name="(\w+)" value="([^"]*)">/g)]
    .map(([, name, value]) => [name ?? '', (value ?? '').replaceAll('&amp;', '&')] as [string, string])
    .filter(([name]) => name !== 'person')
  const body = new URLSearchParams([...fields, ['person', person]])
  return fetch(`${sandbox.url}/connect/oauth2/authorize`, { method: 'POST', body, redirect: 'manual' })
}

test('a person is picked, the browser comes back with code and state, the code is theirs', async () => {
  const { status, html } = await open(room.wechat.authorizeUrl(wish))
  expect(status).toBe(200)
  for (const name of ['小林', '小梅', '阿青', '老周', '运营小唐', '小禾']) expect(html).toContain(name)
  const response = await pick(html, 'mei')
  expect(response.status).toBe(303)
  const back = new URL(response.headers.get('location') ?? '')
  expect(back.origin + back.hash).toBe('http://brand.test#top')
  expect(back.searchParams.get('a')).toBe('1')
  expect(back.searchParams.get('state')).toBe('abc123')
  expect(await room.wechat.oauthAccess(back.searchParams.get('code') ?? '')).toEqual({
    openid: openidOf(DEMO_APPS.oa.appid, 'mei'),
    unionid: unionidOf('mei'),
    isSnapshot: false,
  })
})

test('looking at the page issues no code, a stranger gets none', async () => {
  const { html } = await open(room.wechat.authorizeUrl(wish))
  expect((await pick(html, 'nobody')).status).toBe(400)
})

test.each([
  ['a mini-program', (url: URL) => url.searchParams.set('appid', DEMO_APPS.weapp.appid), 'AppID'],
  ['a script', (url: URL) => url.searchParams.set('redirect_uri', 'javascript:alert(1)'), '10003'],
  ['another scope', (url: URL) => url.searchParams.set('scope', 'snsapi_login'), '10005'],
  ['another response', (url: URL) => url.searchParams.set('response_type', 'token'), 'response_type'],
  ['a state with marks', (url: URL) => url.searchParams.set('state', 'a-b'), 'state'],
  ['no address', (url: URL) => url.searchParams.delete('redirect_uri'), 'redirect_uri'],
])('refused in words: %s', async (_name, spoil, word) => {
  const url = new URL(room.wechat.authorizeUrl(wish))
  spoil(url)
  const { status, html } = await open(url.href)
  expect(status).toBe(400)
  expect(html).toContain(word)
})

test('parameters in another order are refused, as WeChat does', async () => {
  const url = new URL(room.wechat.authorizeUrl(wish))
  const shuffled = new URLSearchParams([...url.searchParams].reverse())
  expect(await open(`${sandbox.url}/connect/oauth2/authorize?${shuffled}`)).toMatchObject({ status: 400 })
})

test('names are text, not markup', async () => {
  sandbox.control.addPerson({ key: 'x"><b', name: '<script>alert(1)</script>', note: '<img src=x>' })
  const { html } = await open(room.wechat.authorizeUrl(wish))
  expect(html).not.toContain('<script>alert')
  expect(html).not.toContain('<img')
  const home = await open(`${sandbox.url}/`)
  expect(home.html).not.toContain('<script>alert')
})

test('the SMS page and the front door stand', async () => {
  expect((await open(`${sandbox.url}/sms`)).html).toContain('收到的短信')
  expect((await open(`${sandbox.url}/`)).html).toContain('取登录码')
})
