import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@huiyuan/prisma/database/ports'
import { type Database, openDatabase } from '../../bff/src/db'
import { filled, noise, photo, SCRIPT } from '../../bff/src/upload/picture.fixture'
import { testDatabase } from '../support/database'
import { type BffProcess, join, type RunningHouse, signIn, startBff, startHouse } from '../support/running-house'

const database = testDatabase()
const BOUNDARY = 'huiyuanTestBoundary'
let house: RunningHouse
let second: BffProcess
let books: Database
let url: string
let port: number
let token: string

beforeAll(async () => {
  port = await freePort()
  url = `http://127.0.0.1:${port}`
  house = await startHouse(database.url, { env: { PORT: String(port), PUBLIC_URL: url } })
  second = await startBff({ ...house.env, PORT: '0' })
  books = openDatabase(database.url, 2)
  house.sandbox.control.setPushTarget({ url: `${url}/wechat/notify`, token: 'push-token' })
  token = (await newcomer()).token
})
afterAll(async () => {
  await second?.stop()
  await house?.stop()
  await books?.close()
})

async function newcomer(): Promise<{ token: string; memberId: string; key: string }> {
  const key = randomUUID()
  house.sandbox.control.addPerson({ key, name: '新客' })
  const { token: own, memberId } = await join(house.sandbox, url, key)
  return { token: own as string, memberId, key }
}

/** What lies on the disk, half-written things included, and the rows. */
const filesOf = () =>
  existsSync(house.uploadDir)
    ? readdirSync(house.uploadDir, { recursive: true, encoding: 'utf8' }).filter((name) => name.length > 3)
    : []
const stored = async () => ({ files: filesOf().sort(), rows: await books.prisma.upload.count() })

interface Part {
  name?: string
  filename?: string
  type?: string
  bytes?: Buffer
}
const part = ({ name = 'file', filename = 'p.jpg', type = 'image/jpeg', bytes = Buffer.alloc(0) }: Part): Buffer => {
  const file = filename ? `; filename="${filename}"` : ''
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\nContent-Type: ${type}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n')])
}
const form = (...parts: Part[]) => Buffer.concat([...parts.map(part), Buffer.from(`--${BOUNDARY}--\r\n`)])
const FORM = `multipart/form-data; boundary=${BOUNDARY}`

async function post(body: Buffer | ReadableStream, { type = FORM, bearer = token as string | null, at = url } = {}) {
  const answer = await fetch(`${at}/upload`, {
    method: 'POST',
    headers: { 'content-type': type, ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) },
    body: body as never,
    duplex: 'half',
  } as RequestInit)
  const said = (await answer.json()) as {
    uploadId?: string
    url?: string
    state?: string
    error?: { data: { fault: { code: string; detail: object } } }
  }
  return { status: answer.status, ...said, fault: said.error?.data.fault }
}
const send = (bytes: Buffer, more: { bearer?: string; at?: string } = {}) => post(form({ bytes }), more)

test('a picture comes in at one server and is shown by the other, to whoever holds its link and to nobody else', async () => {
  const kept = await send(await photo())
  expect(kept).toMatchObject({ status: 200, state: 'checking', width: 600, height: 800 })
  const [path, query] = (kept.url as string).split('?')
  const seen = await fetch(`${second.url}${kept.url}`)
  const bytes = Buffer.from(await seen.arrayBuffer())
  expect([seen.status, bytes.includes('SecretPhone'), bytes.subarray(0, 3).toString('hex')]).toEqual([
    200,
    false,
    'ffd8ff',
  ])
  expect(Object.fromEntries(seen.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    'cache-control': expect.stringMatching(/^private, max-age=\d+, immutable$/),
  })
  const other = await send(await filled('#445566').png().toBuffer())
  const strange = [
    path,
    `${path}?t=`,
    `${path}?t=x`,
    `${(other.url as string).split('?')[0]}?${query}`,
    `/upload/${randomUUID()}?${query}`,
  ]
  const paths = ['/upload/..%2f..%2f..%2fetc%2fpasswd', '/upload/%00', '/upload/', '/upload']
  for (const one of [...strange, ...paths.map((odd) => `${odd}?${query}`)]) {
    const refused = await fetch(`${url}${one}`)
    expect([one, refused.status, (await refused.text()).length < 100]).toEqual([one, 404, true])
  }
})

test('who is nobody, a guest or long signed out sends nothing', async () => {
  const before = await stored()
  const key = randomUUID()
  house.sandbox.control.addPerson({ key, name: '路人' })
  const guest = (await signIn(house.sandbox, url, key)).token as string
  const body = form({ bytes: await photo() })
  for (const [bearer, code] of [
    [null, 'SESSION_NEEDED'],
    [guest, 'SESSION_NEEDED'],
    ['made.up.token', 'SESSION_OVER'],
  ] as const)
    expect(await post(body, { bearer })).toMatchObject({ status: 401, fault: { code } })
  expect(await stored()).toEqual(before)
})

test('a 50 MB file, with its length said or not, a script, and every form that is none are refused with a reason; nothing is stored', async () => {
  const before = await stored()
  const jpeg = await photo()
  const large = form({ bytes: Buffer.concat([jpeg, Buffer.alloc(50 * 1024 * 1024)]) })
  const over = Buffer.concat([jpeg, Buffer.alloc(10 * 1024 * 1024 + 1 - jpeg.length)])
  const inPieces = () => new Blob([large as never]).stream()
  const field = { name: 'a', filename: '', type: 'text/plain', bytes: Buffer.from('x') }
  const tooLarge = { status: 413, fault: { code: 'UPLOAD_TOO_LARGE', detail: { mostBytes: 10 * 1024 * 1024 } } }
  const noForm = { status: 400, fault: { code: 'BAD_INPUT' } }
  const broken = { status: 400, fault: { code: 'UPLOAD_BROKEN' } }
  const cases: [string, Buffer | ReadableStream, object, string?][] = [
    ['50 MB, its length said', large, tooLarge],
    ['50 MB, its length not said', inPieces(), tooLarge],
    ['one byte too many', form({ bytes: over }), tooLarge],
    [
      'a script dressed as a picture',
      form({ bytes: Buffer.from(SCRIPT) }),
      { status: 400, fault: { code: 'UPLOAD_TYPE' } },
    ],
    ['an empty file', form({}), broken],
    ['a form that is cut off', form({ bytes: jpeg }).subarray(0, 900), broken],
    ['two files', form({ bytes: jpeg }, { bytes: jpeg }), noForm],
    ['a file under another name', form({ name: 'other', bytes: jpeg }), noForm],
    ['no file', form(field), noForm],
    ['nothing', form(), noForm],
    ['endless fields', form(...Array.from({ length: 2_000 }, () => field), { bytes: jpeg }), noForm],
    ['a field as long as a picture', form({ ...field, bytes: over }, { bytes: jpeg }, { bytes: jpeg }), noForm],
    ['no boundary', form({ bytes: jpeg }), noForm, 'multipart/form-data'],
    ['another boundary', form({ bytes: jpeg }), broken, 'multipart/form-data; boundary=other'],
    ['JSON', Buffer.from('{"file":1}'), noForm, 'application/json'],
    ['the bytes alone', jpeg, noForm, 'image/jpeg'],
  ]
  for (const [what, body, said, type] of cases)
    expect({ what, ...(await post(body, { type: type ?? FORM })) }).toMatchObject({ what, ...said })
  expect(await stored()).toEqual(before)
  // what a client calls its file, and says of it, is nobody's business
  const dressed = form({
    filename: '../../../etc/passwd',
    type: 'text/html',
    bytes: await filled('#00aa00').webp().toBuffer(),
  })
  expect(await post(dressed)).toMatchObject({ status: 200 })
  expect(filesOf().length).toBe(before.files.length + 1)
})

test('who goes away in the middle leaves nothing behind and nobody waiting', async () => {
  const before = await stored()
  const body = form({ bytes: await noise(600, 600).png().toBuffer() })
  const gone = Array.from({ length: 24 }, async (_, n) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `POST /upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: ${FORM}\r\ncontent-length: ${body.length}\r\n\r\n`,
    )
    socket.write(body.subarray(0, (body.length * (n + 1)) / 30))
    await sleep(100)
    socket.destroy()
  })
  await Promise.all(gone)
  const own = await newcomer()
  expect(await send(await filled('#00bb00').png().toBuffer(), { bearer: own.token })).toMatchObject({ status: 200 })
  expect(await send(await filled('#00cc00').png().toBuffer())).toMatchObject({ status: 200 })
  expect(await stored()).toEqual({ files: expect.any(Array), rows: before.rows + 2 })
  expect(filesOf().length).toBe(before.files.length + 2)
})

test('WeChat fetches a picture by its link and pushes its word: what is forbidden goes from the disk and shows no more', async () => {
  const colours = { passed: '#99aa88', doubtful: '#00ffff', refused: '#ff00ff' } as const
  for (const [state, colour] of Object.entries(colours)) {
    const { uploadId = '', url: path = '' } = await send(await filled(colour).png().toBuffer())
    const row = () => books.prisma.upload.findFirstOrThrow({ where: { uploadId } })
    for (let look = 0; look < 400 && (await row()).state === 'checking'; look++) await sleep(50)
    expect((await row()).state).toBe(state)
    const gone = state === 'refused'
    expect([(await row()).storageKey === null, filesOf().some((name) => name.includes(uploadId))]).toEqual([
      gone,
      !gone,
    ])
    expect((await fetch(`${url}${path}`)).status).toBe(gone ? 404 : 200)
  }
})

test('16 large pictures at once: each is taken, and memory stays within bounds', async () => {
  const people = await Promise.all(Array.from({ length: 4 }, newcomer))
  const large = await noise(3_300, 2_700).jpeg({ quality: 95 }).toBuffer()
  expect(large.length).toBeGreaterThan(8 * 1024 * 1024)
  const peakMb = () =>
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${house.bffs[0]?.child.pid}/status`, 'utf8'))?.[1]) / 1024
  const before = peakMb()
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, n) => send(large, { bearer: people[n % 4]?.token as string })),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(200))
  // the same picture sent again while nobody used it is one
  expect(new Set(answers.map(({ uploadId }) => uploadId)).size).toBe(4)
  expect(peakMb() - before).toBeLessThan(700)
})
