import { PNG } from 'pngjs'
import { decodeBarcode } from '../support/barcode'
import { contractRoom, openSandbox } from './contract-room'
import { DEMO_APPS, DEMO_PEOPLE, demoApps } from './index'
import { createSandbox, type Sandbox } from './sandbox'

const PATH = '/wxa/getwxacodeunlimit'
const wish = { scene: 'l=Ab3dEf6H', page: 'tabs/home/index' }
let sandbox: Sandbox
let room: ReturnType<typeof contractRoom>

beforeEach(async () => {
  sandbox = await openSandbox()
  room = contractRoom(sandbox.url)
})
afterEach(() => sandbox.close())

/** What a camera reads in a picture. */
function readQr(bytes: Uint8Array): { width: number; url: URL } {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes))
  const grey = Uint8ClampedArray.from({ length: width * height }, (_, n) => data[n * 4] as number)
  return { width, url: new URL(decodeBarcode({ width, height, bytes: grey }, 'qr')) }
}

test('a code is a real picture that leads to its page with its scene', async () => {
  const { bytes, mime } = await room.wechat.wxaCodeUnlimited(wish)
  expect(mime).toBe('image/png')
  const { width, url } = readQr(bytes)
  expect([width, url.origin, url.searchParams.get('page'), url.searchParams.get('scene')]).toEqual([
    430,
    sandbox.url,
    wish.page,
    wish.scene,
  ])
})

test.each([280, 1_280])('as wide as wished: %d', async (width) => {
  const { bytes } = await room.wechat.wxaCodeUnlimited({ ...wish, width })
  // the width stands in the header (RFC 2083 §11.2.1)
  expect(Buffer.from(bytes).readUInt32BE(16)).toBe(width)
})

test('every sign that a scene may hold comes through', async () => {
  for (const scene of ["!#$&'()*+,/:;=?@-._~", '0'.repeat(32)])
    expect(readQr((await room.wechat.wxaCodeUnlimited({ ...wish, scene })).bytes).url.searchParams.get('scene')).toBe(
      scene,
    )
})

test.each([
  ['no scene', { scene: '' }, 40169],
  ['a scene of 33 characters', { scene: 'x'.repeat(33) }, 40169],
  ['a scene that is a number', { scene: 7 }, 40169],
  ['a percent sign in the scene', { scene: 'l%3DAb3' }, 40129],
  ['Chinese in the scene', { scene: 'l=小梅' }, 40129],
  ['a page that is not released', { page: 'pages/none/none' }, 41030],
  ['a page with a leading slash', { page: '/tabs/home/index' }, 41030],
  ['a page with parameters', { page: 'tabs/home/index?l=1' }, 41030],
  ['too narrow', { width: 279 }, 40097],
  ['an unknown version', { env_version: 'beta' }, 40097],
])('refused: %s', async (_name, spoiled, errcode) => {
  const access_token = String((await room.token()).body.access_token)
  expect(await room.post(PATH, { access_token }, { ...wish, ...spoiled })).toMatchObject({ status: 200, errcode })
})

test('a page that is not released yet passes when nobody is to check', async () => {
  const query = new URLSearchParams({ access_token: String((await room.token()).body.access_token) })
  const body = JSON.stringify({ ...wish, page: 'pages/none/none', check_path: false })
  const response = await fetch(`${sandbox.url}${PATH}?${query}`, { method: 'POST', body })
  expect(response.headers.get('content-type')).toBe('image/png')
})

test('whoever scans it in the demo lands on the page in a browser, with the scene', async () => {
  const apps = demoApps(DEMO_APPS)
  if (apps[0]) apps[0].webUrl = 'http://brand.test'
  const demo = createSandbox({ apps, people: DEMO_PEOPLE })
  const scan = async (at: string) => {
    const { bytes } = await contractRoom(at).wechat.wxaCodeUnlimited(wish)
    return fetch(readQr(bytes).url, { redirect: 'manual' })
  }
  const landed = await scan(await demo.listen())
  await demo.close()
  expect([landed.status, landed.headers.get('location')]).toEqual([
    303,
    'http://brand.test/#/tabs/home/index?scene=l%3DAb3dEf6H',
  ])
  const told = await scan(sandbox.url)
  expect([told.status, await told.text()]).toEqual([200, expect.stringContaining('带着 l=Ab3dEf6H')])
  expect((await fetch(`${sandbox.url}/wxacode?appid=wx0`)).status).toBe(404)
})
