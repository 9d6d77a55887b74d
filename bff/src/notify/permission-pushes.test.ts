import type { AddressInfo } from 'node:net'
import express from 'express'
import { testDatabase } from '../../../test/support/database'
import type { TestHouse } from '../../../test/support/people'
import {
  createSandbox,
  DEMO_APPS,
  demoApps,
  MORE_APPS,
  type PushTarget,
  type Sandbox,
} from '../../../test/wechat-sandbox'
import { memberHouse, newMember, newNumber } from '../member/member.fixture'
import { notifyRoute } from './notify-route'

const { weapp, oa } = DEMO_APPS
const { order, garden } = MORE_APPS
const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
/** The main console's settings serve three apps; the fourth has a console of its own, which seals. */
const SETUPS = [
  { token: 'shared-token', appids: [weapp.appid, oa.appid, garden.appid] },
  { token: 'order-token', aesKey: AES_KEY, appids: [order.appid] },
]

const database = testDatabase()
let one: TestHouse
let sandbox: Sandbox
let server: ReturnType<express.Express['listen']>
let targets: Record<string, PushTarget>
beforeAll(async () => {
  one = memberHouse(database.url, { weappId: weapp.appid, oaAppId: oa.appid })
  sandbox = createSandbox({ apps: demoApps({ ...DEMO_APPS, more: [order, garden] }) })
  sandbox.control.hold(one.clock.at.getTime())
  const app = express()
  app.use('/notify', express.raw({ type: () => true }), notifyRoute(one.house, SETUPS))
  await new Promise<void>((done) => {
    server = app.listen(0, '127.0.0.1', () => done())
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`
  const shared = { url, token: 'shared-token' }
  const sealed = { url, token: 'order-token', aesKey: AES_KEY }
  targets = { [weapp.appid]: shared, [oa.appid]: shared, [garden.appid]: shared, [order.appid]: sealed }
})
afterAll(async () => {
  await Promise.all([one.close(), new Promise((done) => server.close(done))])
})

let made = 0
/** A member with a name and a phone who is known in all four apps and signed in. */
async function known() {
  const key = `p${made++}`
  const { openids } = sandbox.control.addPerson({ key, name: '茶友' })
  const { memberId } = await newMember(one, {
    name: '小林',
    phone: newNumber(),
    weapp: { openid: openids[weapp.appid] as string },
  })
  const at = { provenAt: one.clock.at, firstAt: one.clock.at }
  for (const { appid } of [oa, order, garden])
    await one.house.prisma.identity.create({
      data: { kind: 'wechat_openid', issuer: appid, subject: openids[appid] as string, memberId, ...at },
    })
  const session = { memberId, deviceLabel: 'x', platform: 'weapp', createdAt: one.clock.at, rotatedAt: one.clock.at }
  const expiresAt = new Date(one.clock.at.getTime() + 86_400_000)
  await one.house.prisma.session.create({ data: { ...session, sessionId: crypto.randomUUID(), expiresAt } })
  return { key, memberId }
}
type Event = 'user_authorization_revoke' | 'user_authorization_cancellation' | 'user_info_modified'
const push = (key: string, appid: string, event: Event, fields: object = {}, more: object = {}) =>
  sandbox.control.push({
    person: key,
    appid,
    event,
    fields: { ...fields },
    target: targets[appid] as PushTarget,
    ...more,
  })
const ACCEPTED = { attempts: 1, status: 200, answer: 'success', accepted: true }
async function left(memberId: string) {
  const where = { memberId }
  const { nameSealed } = await one.house.prisma.member.findUniqueOrThrow({ where })
  const identities = await one.house.prisma.identity.findMany({ where })
  return {
    name: nameSealed !== null,
    phone: identities.some(({ kind }) => kind === 'phone'),
    apps: identities
      .filter(({ kind }) => kind === 'wechat_openid')
      .map(({ issuer }) => issuer)
      .sort(),
    sessions: await one.house.prisma.session.count({ where: { memberId, revokedAt: null } }),
  }
}
const ALL = [weapp, oa, order, garden].map(({ appid }) => appid).sort()
const WHOLE = { name: true, phone: true, apps: ALL, sessions: 1 }

test.each([
  ['the phone, in the mini-program', weapp.appid, '8', { phone: false }],
  ['the name, in an official account by its own table', garden.appid, '205', { name: false }],
  ['both, sealed, in an app with a console of its own', order.appid, '8,19', { phone: false, name: false }],
  ['what is not kept here', oa.appid, '13', {}],
])('what a person takes back is forgotten: %s', async (_words, appid, RevokeInfo, gone) => {
  const [me, other] = [await known(), await known()]
  expect(await push(me.key, appid, 'user_authorization_revoke', { RevokeInfo }, { forged: true })).toMatchObject({
    status: 403,
  })
  expect(await left(me.memberId)).toEqual(WHOLE)
  expect(await push(me.key, appid, 'user_authorization_revoke', { RevokeInfo })).toEqual(ACCEPTED)
  expect(await left(me.memberId)).toEqual({ ...WHOLE, ...gone })
  expect(await left(other.memberId)).toEqual(WHOLE)
})

test('two people of one second are two events; one that comes again is not acted on again', async () => {
  const people = [await known(), await known()] as const
  const both = () =>
    Promise.all(people.map(({ key }) => push(key, oa.appid, 'user_authorization_revoke', { RevokeInfo: '8' })))
  await both()
  for (const { memberId } of people) expect(await left(memberId)).toEqual({ ...WHOLE, phone: false })
  const [{ memberId }] = people
  const phone = { kind: 'phone', issuer: '', subject: newNumber(), memberId }
  await one.house.prisma.identity.create({ data: { ...phone, provenAt: one.clock.at, firstAt: one.clock.at } })
  expect(await both()).toEqual([ACCEPTED, ACCEPTED])
  expect(await left(memberId)).toEqual(WHOLE)
})

test('photos taken back go from row and store, once; what waits with one comes back and costs no try, what was decided stays', async () => {
  const { key, memberId } = await known()
  const { prisma, pictures } = one.house
  const other = await newMember(one)
  const duty = { title: '一杯一照', words: '拍下你的一杯', mark: 'cup', proof: 'handed_in', target: 1, budgetPoints: 0 }
  const [obligationId, at] = [`photos-${made}`, one.clock.at]
  const wants = { photos: { min: 1, max: 3 } }
  await prisma.obligation.create({
    data: { obligationId, kind: 'product_test', ...duty, wants, startsAt: at, endsAt: new Date('2099-01-01') },
  })
  const ids = Array.from({ length: 4 }, () => crypto.randomUUID())
  const cases = ['waiting', 'approved'].map((state) => ({ state, submissionId: crypto.randomUUID() }))
  const [waiting, approved] = cases.map(({ submissionId }) => submissionId) as [string, string]
  const usedBy = [waiting, waiting, approved, null]
  const size = { mime: 'image/jpeg', bytes: 9, width: 3, height: 4, sha256: '0'.repeat(64), createdAt: at }
  const keep = async (owner: string, uploadId: string, used: string | null) => {
    await pictures.put(uploadId, Buffer.from('a picture'))
    const state = uploadId === ids[1] ? 'checking' : 'passed'
    await prisma.upload.create({
      data: { memberId: owner, uploadId, ...size, state, storageKey: uploadId, usedBy: used },
    })
  }
  for (const [n, uploadId] of ids.entries()) await keep(memberId, uploadId, usedBy[n] ?? null)
  const strange = crypto.randomUUID()
  await keep(other.memberId, strange, null)
  for (const { state, submissionId } of cases) {
    const decided = state === 'approved'
    const own = { memberId, instanceId: submissionId, obligationId }
    await prisma.obligationInstance.create({
      data: { ...own, state: decided ? 'approved' : 'submitted', acceptedAt: at, tries: 1, periodKey: state },
    })
    const uploadIds = ids.filter((_, n) => usedBy[n] === submissionId)
    await prisma.obligationSubmission.create({
      data: { ...own, submissionId, nth: 1, uploadIds, state, submittedAt: at, decidedAt: decided ? at : null },
    })
  }
  const stands = async () => ({
    uploads: (await prisma.upload.findMany({ where: { memberId } })).map(({ state, storageKey }) => [
      state,
      storageKey,
    ]),
    bytes: await Promise.all([...ids, strange].map(async (id) => (await pictures.get(id))?.length ?? null)),
    cases: await prisma.obligationSubmission.findMany({
      where: { memberId },
      select: { state: true, reason: true },
      orderBy: { state: 'asc' },
    }),
    tries: (await prisma.obligationInstance.findFirst({ where: { instanceId: waiting } }))?.tries,
  })
  const gone = {
    uploads: ids.map(() => ['removed', null]),
    bytes: [null, null, null, null, 9],
    cases: [
      { state: 'approved', reason: null },
      { state: 'rejected', reason: 'withdrawn' },
    ],
    tries: 0,
  }
  // told again, and told anew at another time by another app: nothing more happens
  const tell = (appid: string) => push(key, appid, 'user_authorization_revoke', { RevokeInfo: '14' })
  for (const appid of [weapp.appid, weapp.appid, order.appid]) {
    expect(await tell(appid)).toEqual(ACCEPTED)
    expect(await stands()).toEqual(gone)
  }
  expect(await left(memberId)).toEqual(WHOLE)
})

test('a profile that WeChat has cleaned loses its name here', async () => {
  const { key, memberId } = await known()
  expect(await push(key, weapp.appid, 'user_info_modified')).toEqual(ACCEPTED)
  expect(await left(memberId)).toEqual({ ...WHOLE, name: false })
})

test('a closed account is no way in any more, and its places sign in anew', async () => {
  const { key, memberId } = await known()
  expect(await push(key, order.appid, 'user_authorization_cancellation')).toEqual(ACCEPTED)
  const now = await left(memberId)
  expect(now.apps).not.toContain(order.appid)
  expect(now.sessions).toBe(0)
})

test('about an app that the signature does not cover: refused, and nothing is touched', async () => {
  const { key, memberId } = await known()
  for (const AppID of [order.appid, 'wx0000000000000000'])
    expect(await push(key, weapp.appid, 'user_authorization_revoke', { RevokeInfo: '8', AppID })).toMatchObject({
      accepted: false,
      status: 403,
    })
  expect(await left(memberId)).toEqual(WHOLE)
})
