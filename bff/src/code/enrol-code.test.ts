import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newMember, newPhone, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { enrolCode } from './enrol-code'
import { listDevices } from './list-devices'
import { revokeDevice } from './revoke-device'

const database = testDatabase()
let shop: TestHouse
beforeAll(async () => {
  shop = testHouse(database.url)
  await shop.warm()
})
afterAll(() => shop.close())

const wish = (more: object = {}) => ({
  requestId: randomUUID() as string,
  deviceLabel: '小米 15',
  platform: 'weapp' as const,
  ...more,
})

test('hands a handle and a secret to the phone, and the server clock', async () => {
  const { ctx } = await newMember(shop)
  const enrolled = await enrolCode(ctx, wish())
  expect(enrolled).toEqual({
    deviceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    handle: expect.stringMatching(/^\d{10}$/),
    secret: expect.stringMatching(/^[\w-]{43}$/),
    stepSeconds: 30,
    serverNow: shop.clock.at.getTime(),
  })
})

test('the replay of the requestId gives the same secret; another body is refused', async () => {
  const { ctx } = await newMember(shop)
  const asked = wish()
  const first = await enrolCode(ctx, asked)
  expect(await enrolCode(ctx, asked)).toEqual(first)
  await refusalOf(enrolCode(ctx, { ...asked, deviceLabel: '别的' }), 'REQUEST_REUSED')
  expect((await listDevices(ctx)).devices).toHaveLength(1)
})

test('the same wish 16 times at once makes one phone with one secret', async () => {
  const { ctx } = await newMember(shop)
  const asked = wish()
  const all = await Promise.all(Array.from({ length: 16 }, () => enrolCode(ctx, asked)))
  expect(new Set(all.map(({ handle, secret }) => handle + secret)).size).toBe(1)
  expect((await listDevices(ctx)).devices).toHaveLength(1)
})

test('the secret lies in the database under seal only, and in no stored answer', async () => {
  const { ctx, memberId } = await newMember(shop)
  const { handle, secret } = await enrolCode(ctx, wish())
  const row = await ctx.db.deviceHandle.findUniqueOrThrow({ where: { handle } })
  expect(row.memberId).toBe(memberId)
  expect(Buffer.from(row.secretSealed).includes(Buffer.from(secret, 'base64url'))).toBe(false)
  const answers = await ctx.db.request.findMany({ where: { actor: `m:${memberId}` } })
  expect(JSON.stringify(answers)).not.toContain(secret)
})

test('with an eleventh phone the one used longest ago leaves, at any concurrency', async () => {
  const { ctx } = await newMember(shop)
  const [oldest] = [await newPhone({ ctx }, '最早'), shop.clock.pass(1000)]
  const inUse = await newPhone({ ctx }, '常用')
  await ctx.db.device.updateMany({ where: { deviceId: inUse.deviceId }, data: { lastUsedAt: new Date('2027-01-01') } })
  shop.clock.pass(1000)
  await Promise.all(Array.from({ length: 8 }, (_, n) => newPhone({ ctx }, `第 ${n} 台`)))
  const ids = async () => (await listDevices(ctx)).devices.map(({ deviceId }) => deviceId)
  expect(await ids()).toEqual(expect.arrayContaining([oldest.deviceId, inUse.deviceId]))
  await Promise.all([newPhone({ ctx }), newPhone({ ctx }), newPhone({ ctx })])
  const left = await ids()
  expect(left).toHaveLength(10)
  expect(left).toContain(inUse.deviceId)
  expect(left).not.toContain(oldest.deviceId)
  const handle = await ctx.db.deviceHandle.findUniqueOrThrow({ where: { handle: oldest.handle } })
  expect(handle.revokedAt).not.toBeNull()
})

describe('removing a phone', () => {
  const gone = (deviceId: string) => ({ requestId: randomUUID() as string, deviceId })

  test('takes it off the list and ends its handle; again changes nothing', async () => {
    const { ctx } = await newMember(shop)
    const phone = await newPhone({ ctx })
    const asked = gone(phone.deviceId)
    expect(await revokeDevice(ctx, asked)).toEqual({ done: true })
    expect(await revokeDevice(ctx, asked)).toEqual({ done: true })
    expect(await revokeDevice(ctx, gone(phone.deviceId))).toEqual({ done: true })
    expect((await listDevices(ctx)).devices).toEqual([])
    const { revokedAt } = await ctx.db.deviceHandle.findUniqueOrThrow({ where: { handle: phone.handle } })
    expect(revokedAt).toEqual(shop.clock.at)
  })

  test('somebody else’s, and one that never was, are not found', async () => {
    const [mine, theirs] = [await newMember(shop), await newMember(shop)]
    const phone = await newPhone(theirs)
    expect(await refusalOf(revokeDevice(mine.ctx, gone(phone.deviceId)), 'NOT_FOUND')).toEqual({ noun: 'device' })
    await refusalOf(revokeDevice(mine.ctx, gone(randomUUID())), 'NOT_FOUND')
    expect((await listDevices(theirs.ctx)).devices).toHaveLength(1)
  })

  test('ends the replay of its enrolment, too', async () => {
    const { ctx } = await newMember(shop)
    const asked = wish()
    const { deviceId } = await enrolCode(ctx, asked)
    await revokeDevice(ctx, gone(deviceId))
    await refusalOf(enrolCode(ctx, asked), 'NOT_FOUND')
  })
})

test('the list shows the own phones only, the newest first', async () => {
  const [mine, theirs] = [await newMember(shop), await newMember(shop)]
  await newPhone(theirs)
  await newPhone(mine, '旧')
  shop.clock.pass(1000)
  await newPhone(mine, '新')
  const { devices } = await listDevices(mine.ctx)
  expect(devices.map(({ label }) => label)).toEqual(['新', '旧'])
  expect(devices[0]).toMatchObject({ platform: 'weapp', lastUsedAt: null, createdAt: shop.clock.at.toISOString() })
})

test('nobody without a session', async () => {
  await refusalOf(enrolCode(shop.as(), wish()), 'SESSION_NEEDED')
  await refusalOf(listDevices(shop.as()), 'SESSION_NEEDED')
})
