import { randomUUID } from 'node:crypto'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { testDatabase } from '../../../test/support/database'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { merged, undone } from '../merge/undo.fixture'
import { diskPictures, SHELVES } from '../picture-store'
import { eraseDueMembers } from '../privacy/erase-due-members'
import { exportMember } from '../privacy/export-member'
import { newcomer, type SessionHouse, sessionHouse } from '../session/session.fixture'
import { checkText } from './check-text'
import { type KeptUpload, keepUpload } from './keep-upload'
import { hearCheck } from './mark-checked'
import { badPictures, filled, noise, photo, SCRIPT } from './picture.fixture'
import { sweepPictures } from './sweep-pictures'
import { tendUploads } from './tend-uploads'
import { linkEnd } from './upload-url'

const MINUTE = 60_000
const DAY = 86_400_000
const PASS = { suggest: 'pass', label: 100 } as const
const RISKY = { suggest: 'risky', label: 20002 } as const
const database = testDatabase()
let one: SessionHouse
let two: TestHouse
beforeAll(async () => {
  one = await sessionHouse(database.url)
  one.sandbox.control.hold(one.clock.at.getTime())
  two = testHouse(database.url, { clock: one.clock, pictures: one.house.pictures, wechat: one.house.wechat })
})
afterAll(() => Promise.all([one.close(), two.close()]))

const pass = (ms: number) => {
  one.clock.pass(ms)
  one.sandbox.control.advance(ms)
}
const filesOf = (): string[] => {
  try {
    return readdirSync(one.uploadDir, { recursive: true, encoding: 'utf8' }).filter((name) => name.length > 3)
  } catch {
    return []
  }
}
const lies = (uploadId: string) => filesOf().some((name) => name.includes(uploadId))
const rowOf = (uploadId: string) => one.house.prisma.upload.findFirstOrThrow({ where: { uploadId } })
const stateOf = async (uploadId: string) => (await rowOf(uploadId)).state
const countOf = () => one.house.prisma.upload.count()
const tend = () => tendUploads(one.as(), { batch: 50 })
const say = async (uploadId: string, said: typeof PASS | typeof RISKY | null) =>
  hearCheck(two.as(), (await rowOf(uploadId)).traceId as string, said)
let drawn = 1
const send = async (memberId: string, bytes?: Buffer): Promise<KeptUpload> =>
  keepUpload(one.as(memberId), memberId, bytes ?? (await noise(40, 30, drawn++).png().toBuffer()))
const use = (memberId: string, uploadIds: string[], more: { usedBy?: string; formerly?: string[] } = {}) =>
  one.house.sql('upload_use', { memberId, uploadIds, usedBy: randomUUID(), ...more })

test('nothing but pixels is kept: no place, no camera, no profile, nothing behind the picture', async () => {
  const { memberId } = await newcomer(one)
  const jpeg = await photo()
  expect((await sharp(jpeg).metadata()).exif?.includes('SecretPhone')).toBe(true)
  const kept = await send(memberId, Buffer.concat([jpeg, Buffer.from(SCRIPT)]))
  const bytes = (await one.house.pictures.get(kept.uploadId)) as Buffer
  for (const trace of ['SecretPhone', 'GPS', 'Exif', 'script', 'ICC']) expect(bytes.includes(trace)).toBe(false)
  // turned by what the camera said, which is gone
  expect(kept).toMatchObject({ width: 600, height: 800, state: 'checking' })
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 600, height: 800 })
  expect(await sharp(bytes).metadata()).not.toHaveProperty('exif')
  const row = await rowOf(kept.uploadId)
  expect(row).toMatchObject({ memberId, mime: 'image/jpeg', bytes: bytes.length, storageKey: kept.uploadId, tries: 1 })

  const meanOf = async (given: Buffer) => {
    const own = await send(memberId, given)
    const { channels } = await sharp((await one.house.pictures.get(own.uploadId)) as Buffer).stats()
    return [own.width, own.height, ...channels.map(({ mean }) => Math.round(mean / 255))]
  }
  const see = { create: { width: 60, height: 40, channels: 4 as const, background: { r: 255, g: 0, b: 0, alpha: 0 } } }
  expect(await meanOf(await sharp(see).png().toBuffer())).toEqual([60, 40, 1, 1, 1])
  expect(await meanOf(await filled('#ff0000').toColourspace('cmyk').jpeg().toBuffer())).toEqual([640, 480, 1, 0, 0])
  expect((await meanOf(await filled('#000000', { width: 6_000, height: 30 }).png().toBuffer())).slice(0, 2)).toEqual([
    2_048, 10,
  ])
  // of several pictures the first
  const frames = Buffer.concat([Buffer.alloc(30 * 40 * 3, 255), Buffer.alloc(30 * 40 * 3, 0)])
  const moving = sharp(frames, { raw: { width: 30, height: 80, channels: 3, pageHeight: 40 } })
  expect(await meanOf(await moving.webp({ loop: 0, delay: [100, 100] }).toBuffer())).toEqual([30, 40, 1, 1, 1])
})

test('what is no picture, broken or too much is refused with its reason, and nothing of it stays', async () => {
  const { memberId } = await newcomer(one)
  const [files, rows] = [filesOf(), await countOf()]
  for (const [what, bytes, code] of await badPictures()) {
    const said = await send(memberId, bytes).catch((error) => error.fault?.code ?? error)
    expect([what, said]).toEqual([what, code])
  }
  expect([filesOf(), await countOf()]).toEqual([files, rows])
})

test('64 at once on two servers: as many as a day has are kept, each with its bytes; sent again, one is the one there is', async () => {
  const { memberId } = await newcomer(one)
  await Promise.all([one.warm(), two.warm()])
  const { perDay } = one.house.policy.uploads
  const [files, rows] = [filesOf().length, await countOf()]
  const pictures = await Promise.all(
    Array.from({ length: 64 }, (_, n) =>
      noise(16, 16, 1_000 + n)
        .png()
        .toBuffer(),
    ),
  )
  const servers = [one.as(memberId), two.as(memberId)]
  const ends = await endsOf(pictures.map((bytes, n) => keepUpload(servers[n % 2] as never, memberId, bytes)))
  expect(ends).toEqual({ answer: perDay, UPLOAD_LIMIT: 64 - perDay })
  expect([filesOf().length - files, (await countOf()) - rows]).toEqual([perDay, perDay])
  const again = await endsOf(pictures.map((bytes, n) => keepUpload(servers[n % 2] as never, memberId, bytes)))
  expect(again).toEqual(ends)
  expect([filesOf().length - files, (await countOf()) - rows]).toEqual([perDay, perDay])
  expect(await refusalOf(send(memberId), 'UPLOAD_LIMIT')).toEqual({ limit: perDay })
  pass(DAY)
  one.sandbox.control.visit((await newcomer(one)).key)
  expect((await send(memberId)).uploadId).toBeTruthy()
})

test('WeChat has its word: passed, to be looked at, or forbidden, which goes from the disk; the first word counts, once', async () => {
  const { memberId } = await newcomer(one)
  const [good, odd, bad, dumb] = [
    await send(memberId),
    await send(memberId),
    await send(memberId),
    await send(memberId),
  ]
  const asked = one.sandbox.control.media().slice(-4)
  expect(asked.map(({ url }) => new URL(url).pathname)).toEqual(
    [good, odd, bad, dumb].map(({ uploadId }) => `/upload/${uploadId}`),
  )
  expect(await say(good.uploadId, PASS)).toBe(true)
  await hearCheck(two.as(), (await rowOf(odd.uploadId)).traceId as string, { suggest: 'review', label: 21000 })
  await Promise.all([
    say(bad.uploadId, RISKY),
    say(bad.uploadId, RISKY),
    say(bad.uploadId, PASS),
    say(dumb.uploadId, null),
  ])
  expect(await hearCheck(one.as(), 'nobody-knows-it', PASS)).toBe(false)
  const states = await Promise.all([good, odd, dumb].map(({ uploadId }) => stateOf(uploadId)))
  expect(states).toEqual(['passed', 'doubtful', 'doubtful'])
  // of words said at once the first one counts
  const ended = await rowOf(bad.uploadId)
  expect([ended.state, ended.storageKey === null]).toEqual(ended.label === 100 ? ['passed', false] : ['refused', true])
  await say(good.uploadId, RISKY)
  expect([await stateOf(good.uploadId), lies(good.uploadId)]).toEqual(['passed', true])
  // a word that comes late still counts where there was none
  await say(dumb.uploadId, RISKY)
  expect(await rowOf(dumb.uploadId)).toMatchObject({ state: 'refused', label: 20002, storageKey: null })
  expect([lies(dumb.uploadId), lies(odd.uploadId)]).toEqual([false, true])
})

test('who cannot be asked about is looked at by a person; a WeChat that is away is asked again, and given up after half an hour', async () => {
  const { memberId, key } = await newcomer(one)
  const stranger = await newcomer(one)
  await one.house.prisma.identity.deleteMany({ where: { memberId: stranger.memberId, kind: 'wechat_openid' } })
  expect((await send(stranger.memberId)).state).toBe('doubtful')
  expect(await checkText(one.as(), { memberId: stranger.memberId, text: '好茶', scene: 'comment' })).toBe('unknown')
  pass(3 * 60 * MINUTE)
  expect((await send(memberId)).state).toBe('doubtful')
  expect(await checkText(one.as(), { memberId, text: '好茶', scene: 'comment' })).toBe('unknown')
  one.sandbox.control.visit(key)
  const texts = ['好茶', '加微信', '违禁'].map((text) => checkText(one.as(), { memberId, text, scene: 'comment' }))
  expect(await Promise.all(texts)).toEqual(['pass', 'review', 'refused'])
  one.sandbox.control.inject({ path: '/wxa/msg_sec_check', kind: 'drop' })
  expect(await checkText(one.as(), { memberId, text: '好茶', scene: 'comment' })).toBe('unknown')

  one.sandbox.control.inject({ path: '/wxa/media_check_async', kind: 'drop', count: 2 })
  const late = await send(memberId)
  expect([late.state, (await rowOf(late.uploadId)).traceId]).toEqual(['checking', null])
  await tend()
  expect(await rowOf(late.uploadId)).toMatchObject({ traceId: null, tries: 1 })
  pass(MINUTE + 1)
  await tend()
  expect(await rowOf(late.uploadId)).toMatchObject({ traceId: null, tries: 2 })
  await tend()
  expect(await rowOf(late.uploadId)).toMatchObject({ traceId: expect.any(String), tries: 3, state: 'checking' })
  pass(29 * MINUTE)
  await Promise.all([tend(), tendUploads(two.as(), { batch: 50 })])
  expect(await rowOf(late.uploadId)).toMatchObject({ state: 'doubtful', label: null })
  await say(late.uploadId, PASS)
  expect(await stateOf(late.uploadId)).toBe('passed')
})

test('used once, by its owner, while it is there; what a hand-in that came back showed may be shown again', async () => {
  const [me, other] = [await newcomer(one), await newcomer(one)]
  const [a, b, bad] = [await send(me.memberId), await send(me.memberId), await send(me.memberId)]
  const first = randomUUID()
  await refusalOf(use(other.memberId, [a.uploadId]), 'UPLOAD_GONE')
  await refusalOf(use(me.memberId, [a.uploadId, randomUUID()]), 'UPLOAD_GONE')
  const tries = Array.from({ length: 16 }, (_, n) =>
    use(me.memberId, [b.uploadId, a.uploadId], { usedBy: n === 0 ? first : randomUUID() }),
  )
  expect(await endsOf(tries)).toEqual({ answer: 1, UPLOAD_GONE: 15 })
  const usedBy = (await rowOf(a.uploadId)).usedBy as string
  expect(await use(me.memberId, [b.uploadId, a.uploadId], { usedBy })).toEqual([
    { uploadId: b.uploadId, state: 'checking' },
    { uploadId: a.uploadId, state: 'checking' },
  ])
  await use(me.memberId, [a.uploadId], { formerly: [usedBy] })
  expect((await rowOf(a.uploadId)).usedBy).not.toBe(usedBy)
  await say(bad.uploadId, RISKY)
  await refusalOf(use(me.memberId, [bad.uploadId]), 'CONTENT_REFUSED')
})

test('what nobody used goes after a day, and so does what lies there without a row; what is used stays', async () => {
  const { memberId } = await newcomer(one)
  const [used, unused] = [await send(memberId), await send(memberId)]
  await use(memberId, [used.uploadId])
  const [stray, young] = [randomUUID(), randomUUID()]
  const shelfOf = (name: string) => Number.parseInt(name.slice(34, 36), 16)
  for (const name of [stray, young]) await one.house.pictures.put(name, Buffer.from('x'))
  const part = `${stray}.${randomUUID()}.part`
  const folder = join(one.uploadDir, stray.slice(34, 36))
  writeFileSync(join(folder, part), 'half')
  writeFileSync(join(folder, 'README.txt'), 'of somebody else')
  const age = (name: string, ms: number) => {
    const at = new Date(one.clock.at.getTime() - ms)
    utimesSync(join(one.uploadDir, name.slice(34, 36), name), at, at)
  }
  for (const name of [stray, part, used.uploadId]) age(name, DAY + 1)
  age(young, DAY - 1)
  const removed: number[] = []
  for (const name of [stray, used.uploadId, young])
    removed.push(await sweepPictures(one.as(), { shelf: shelfOf(name) }))
  expect(removed[0]).toBeGreaterThanOrEqual(2)
  expect([lies(stray), lies(young), lies(used.uploadId)]).toEqual([false, true, true])
  expect(readdirSync(folder)).toContain('README.txt')
  pass(DAY - 1)
  await tend()
  expect(lies(unused.uploadId)).toBe(true)
  pass(2)
  await Promise.all([tend(), tendUploads(two.as(), { batch: 50 })])
  expect(await rowOf(unused.uploadId)).toMatchObject({ state: 'removed', storageKey: null })
  expect([lies(unused.uploadId), lies(used.uploadId)]).toEqual([false, true])
  await refusalOf(use(memberId, [unused.uploadId]), 'UPLOAD_GONE')
  // every shelf has its turn within a day
  const asked = new Set<number>()
  const watching = {
    ...one.house,
    pictures: { ...one.house.pictures, list: async (shelf: number) => [...asked.add(shelf)].slice(0, 0) },
  }
  for (let turn = 0; turn < SHELVES; turn++) {
    await sweepPictures({ ...one.as(), ...watching, house: one.house } as never)
    pass(300_000)
  }
  expect(asked.size).toBe(SHELVES)
})

test('pictures go with their record and back, stand in the file with links, and go with whoever leaves, bytes and all', async () => {
  const [me, other] = [await newcomer(one), await newcomer(one, { phone: false })]
  const [mine, theirs] = [await send(me.memberId), await send(other.memberId)]
  const mergeId = await merged(one, me.memberId, other.memberId)
  expect((await rowOf(theirs.uploadId)).memberId).toBe(me.memberId)
  // asked about as one, answered about as the other
  await say(theirs.uploadId, PASS)
  await undone(one, mergeId)
  expect(await rowOf(theirs.uploadId)).toMatchObject({ memberId: other.memberId, state: 'passed' })
  expect((await rowOf(mine.uploadId)).memberId).toBe(me.memberId)
  let text = ''
  for await (const piece of exportMember(one.as(), me.memberId)) text += piece
  const told = JSON.parse(text).上传的图片 as Record<string, string>[]
  const link = new URL(Object.values(told[0] as object).find((value) => String(value).startsWith('http')))
  expect(linkEnd(one.house, mine.uploadId, link.searchParams.get('t'))).toBeGreaterThan(one.clock.at.getTime())
  const dueAt = one.clock.at
  await one.house.sql('cancellation_open', { memberId: me.memberId, at: dueAt, dueAt, because: 'member' })
  expect((await eraseDueMembers(one.as(), { batch: 50 })).erased).toBe(1)
  expect([lies(mine.uploadId), lies(theirs.uploadId)]).toEqual([false, true])
  expect(await one.house.prisma.upload.count({ where: { uploadId: mine.uploadId } })).toBe(0)
})

test('a key is never a path', async () => {
  const store = diskPictures(one.uploadDir)
  for (const key of ['../../etc/passwd', '/etc/passwd', `${randomUUID()}/..`, '', `${randomUUID()}\0`])
    await expect((async () => store.get(key))()).rejects.toThrow('no key of a picture')
})
