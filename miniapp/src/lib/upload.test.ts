import { sizeToSend } from './shrink-picture'
import type { MemberTokens } from './tokens'

type Sent = { header: Record<string, string>; filePath: string; url: string; name: string }
type Ends = { success: (answer: object) => void; fail: (why: object) => void }
const sent: Sent[] = []
/** What comes of each sending, in order; the last one goes on. */
let ends: ((ends: Ends) => void)[] = []
const refreshed = jest.fn()
const kept = new Map<string, unknown>()

jest.mock('@tarojs/taro', () => ({
  __esModule: true,
  default: {
    chooseMedia: jest.fn(),
    uploadFile: (asked: Sent & Ends) => {
      sent.push(asked)
      const end = (ends.length > 1 ? ends.shift() : ends[0]) as (ends: Ends) => void
      setTimeout(() => end(asked), 0)
      const task = Promise.reject(new Error('Taro rejects besides'))
      return Object.assign(task, { progress: (tell: (how: object) => void) => tell({ progress: 50 }) })
    },
    request: ({ success }: { success: (answer: object) => void }) => {
      refreshed()
      const result = { data: { accessToken: 'new', accessExpiresAt: '', refreshToken: 'r2', refreshExpiresAt: '' } }
      success({ data: JSON.stringify([{ result }]) })
      return Promise.resolve()
    },
    getStorageSync: (name: string) => kept.get(name) ?? '',
    setStorageSync: (name: string, value: unknown) => void kept.set(name, value),
    removeStorageSync: (name: string) => void kept.delete(name),
  },
}))

Object.assign(globalThis, { BFF_URL: 'https://tea.example' })
const taro = jest.requireMock('@tarojs/taro').default as { chooseMedia: jest.Mock }
const { choosePictures, pictureUrl, sendPicture } = jest.requireActual<typeof import('./upload')>('./upload')
const { faultOf } = jest.requireActual<typeof import('./api')>('./api')
const { holdTokens } = jest.requireActual<typeof import('./tokens')>('./tokens')

const PICTURE = { path: 'p', bytes: 9 }
const KEPT = { uploadId: 'u', state: 'checking', width: 3, height: 4, url: '/upload/u?t=x' }
const answered = (statusCode: number, body: unknown) => (ends: Ends) =>
  ends.success({ statusCode, data: typeof body === 'string' ? body : JSON.stringify(body) })
const refused = (code: string, detail: object, statusCode = 400) =>
  answered(statusCode, {
    error: { message: code, code: -32600, data: { httpStatus: statusCode, fault: { code, detail } } },
  })
const troubleOf = (work: Promise<unknown>) => work.then(() => null, faultOf)

beforeEach(() => {
  sent.length = 0
  refreshed.mockClear()
  const tokens: MemberTokens = { accessToken: 'old', accessExpiresAt: '', refreshToken: 'r1', refreshExpiresAt: '' }
  holdTokens({ kind: 'member', memberId: 'm', tokens })
})

test('a picture goes under the name file with the phone’s token, and says how far it is', async () => {
  ends = [answered(200, KEPT)]
  const parts: number[] = []
  expect(await sendPicture({ path: 'blob:x', bytes: 9 }, (part) => parts.push(part))).toEqual(KEPT)
  expect(sent).toMatchObject([
    { url: 'https://tea.example/upload', name: 'file', filePath: 'blob:x', header: { authorization: 'Bearer old' } },
  ])
  expect(parts).toEqual([0.5])
  expect(pictureUrl(KEPT.url)).toBe('https://tea.example/upload/u?t=x')
})

test('what goes wrong is named as any other call’s trouble', async () => {
  const large = { code: 'UPLOAD_TOO_LARGE', detail: { mostBytes: 10_485_760 } }
  const cases: [(ends: Ends) => void, object][] = [
    [refused('UPLOAD_TYPE', {}), { code: 'UPLOAD_TYPE', detail: {} }],
    [refused('UPLOAD_LIMIT', { limit: 30 }, 429), { code: 'UPLOAD_LIMIT', detail: { limit: 30 } }],
    [refused('UPLOAD_TOO_LARGE', large.detail, 413), large],
    [answered(413, '<html>nginx</html>'), large],
    [answered(502, '<html>nginx</html>'), { code: 'UNKNOWN', detail: { rid: '' } }],
    [answered(200, 'half an ans'), { code: 'UNKNOWN', detail: { rid: '' } }],
    [({ fail }) => fail({ errMsg: 'uploadFile:fail timeout' }), { code: 'SLOW', detail: {} }],
    [({ fail }) => fail({ errMsg: 'uploadFile:fail net::ERR' }), { code: 'OFFLINE', detail: {} }],
  ]
  for (const [end, trouble] of cases) {
    ends = [end]
    expect(await troubleOf(sendPicture(PICTURE))).toEqual(trouble)
  }
  sent.length = 0
  expect(await troubleOf(sendPicture({ path: 'p', bytes: 10_485_761 }))).toEqual(large)
  expect(sent).toEqual([])
})

test('a token that was over is renewed, and the picture sent again, once', async () => {
  ends = [refused('SESSION_OVER', {}, 401), answered(200, KEPT)]
  expect(await sendPicture(PICTURE)).toEqual(KEPT)
  expect(sent.map(({ header }) => header.authorization)).toEqual(['Bearer old', 'Bearer new'])
  ends = [refused('SESSION_OVER', {}, 401)]
  expect(await troubleOf(sendPicture(PICTURE))).toMatchObject({ code: 'SESSION_OVER' })
  expect([sent.length, refreshed.mock.calls.length]).toEqual([4, 2])
})

test('no more are chosen than there is room for; who changes their mind chooses none', async () => {
  const tempFiles = [1, 2, 3].map((size) => ({ tempFilePath: `p${size}`, size }))
  taro.chooseMedia.mockResolvedValueOnce({ tempFiles })
  expect(await choosePictures(2)).toEqual([
    { path: 'p1', bytes: 1 },
    { path: 'p2', bytes: 2 },
  ])
  taro.chooseMedia.mockRejectedValueOnce({ errMsg: 'chooseMedia:fail cancel' })
  expect(await choosePictures(2)).toEqual([])
  taro.chooseMedia.mockRejectedValueOnce({ errMsg: 'chooseMedia:fail auth deny' })
  await expect(choosePictures(2)).rejects.toMatchObject({ errMsg: 'chooseMedia:fail auth deny' })
})

test('a photo is painted within what the server keeps; what is small and read there goes as it is', () => {
  const sizeOf = (type: string, bytes: number, width: number, height: number) =>
    sizeToSend({ type: `image/${type}`, bytes, width, height })
  expect(sizeOf('jpeg', 12_000_000, 4_000, 3_000)).toEqual({ width: 2_048, height: 1_536 })
  expect(sizeOf('jpeg', 12_000_000, 3_000, 4_000)).toEqual({ width: 1_536, height: 2_048 })
  expect(sizeOf('png', 300_000, 2_049, 100)).toEqual({ width: 2_048, height: 100 })
  expect(sizeOf('png', 300_000, 100_000, 1)).toEqual({ width: 2_048, height: 1 })
  expect(sizeOf('jpeg', 5_000_000, 2_048, 2_048)).toEqual({ width: 2_048, height: 2_048 })
  expect(sizeOf('jpeg', 999_999, 2_048, 2_048)).toBeNull()
  expect(sizeOf('heic', 9_000, 30, 40)).toEqual({ width: 30, height: 40 })
})
