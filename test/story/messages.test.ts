import { randomUUID } from 'node:crypto'
import { keysFrom } from '../../bff/src/keys'
import { makeRedemptionsReady } from '../../bff/src/mall'
import { sendDueMessages } from '../../bff/src/outbox'
import { releaseDueReferrals } from '../../bff/src/referral'
import { createWechat, memoryTokenStore } from '../../bff/src/wechat'
import { testDatabase } from '../support/database'
import { expectLedgerHolds } from '../support/ledger'
import { type TestHouse, testHouse } from '../support/people'
import { join, type Person, type RunningHouse, signIn, startHouse } from '../support/running-house'
import { DEMO_APPS, DEMO_TEMPLATES } from '../wechat-sandbox'
import { addStrangers, codeOn, enrol, seedFor } from './demo-people.fixture'

const database = testDatabase()
let house: RunningHouse
/** The process that runs the jobs; its clock can be moved on, so that nobody waits for days. */
let jobs: TestHouse
let url: string
let mei: Person
let qing: Person
let friend: Person
let friendKey: string

beforeAll(async () => {
  house = await startHouse(database.url)
  url = house.bffs[0]?.url as string
  await seedFor(database.url, house.masterKey)
  jobs = jobsHouse()
  mei = await signIn(house.sandbox, url, 'mei')
  qing = await signIn(house.sandbox, url, 'qing')
  friendKey = addStrangers(house, 1)[0] as string
  const { code: link } = await mei.api.referral.mine.query()
  friend = await join(house.sandbox, url, friendKey, { phone: true, arrival: { channel: 'weapp', link, scene: 1047 } })
})
afterAll(async () => {
  await jobs?.close()
  await house?.stop()
})

const silent = { debug() {}, info() {}, warn() {}, error() {} }

function jobsHouse(): TestHouse {
  const { url: wechatUrl } = house.sandbox
  const wechat = createWechat({
    apiBase: wechatUrl,
    oauthBase: wechatUrl,
    apps: DEMO_APPS,
    tokenStore: memoryTokenStore(),
    log: silent,
  })
  const templates = Object.fromEntries(Object.entries(DEMO_TEMPLATES).map(([key, one]) => [key, one.templateId]))
  const keys = keysFrom(house.masterKey)
  return testHouse(database.url, { connections: 4, wechat, keys, templates, weappId: DEMO_APPS.weapp.appid })
}

const stateOf = async (referralId: string | undefined) =>
  (await mei.api.referral.mine.query()).friends.find((one) => one.referralId === referralId)?.state

type Template = keyof typeof DEMO_TEMPLATES

/** One tap on the phone: WeChat keeps a consent, and the phone tells the house. */
async function allow(key: string, { api }: Person, template: Template): Promise<void> {
  const { templateId } = DEMO_TEMPLATES[template]
  house.sandbox.control.accept(key, templateId)
  await api.outbox.allow.mutate({ requestId: randomUUID(), results: [{ templateId, result: 'accept' }] })
}

const sentTo = (key: string, template: Template) =>
  house.sandbox.control
    .sent()
    .filter(({ person, templateId }) => person === key && templateId === DEMO_TEMPLATES[template].templateId)
const send = () => {
  jobs.clock.at = new Date(Math.max(jobs.clock.at.getTime(), Date.now()))
  return sendDueMessages(jobs.as(), { limit: 20 })
}

/** The message went out once; neither WeChat nor the house holds a consent any more, and nothing else leaves. */
async function expectOne(key: string, { api }: Person, template: Template, data: object): Promise<void> {
  await send()
  expect(sentTo(key, template).map((one) => one.data)).toEqual([expect.objectContaining(data)])
  expect(house.sandbox.control.consentsLeft(key, DEMO_TEMPLATES[template].templateId)).toBe(0)
  const { templates } = await api.outbox.templates.query()
  expect(templates.find((one) => one.key === template)).toMatchObject({ remaining: 0 })
  expect(await send()).toMatchObject({ sent: 0 })
  expect(sentTo(key, template)).toHaveLength(1)
}

async function buy(): Promise<void> {
  const code = codeOn(await enrol(friend.api))
  const requestId = randomUUID
  const { visitId, memberRef } = await qing.api.visit.scan.mutate({ requestId: requestId(), code, tillId: 'hubin-1' })
  await qing.api.order.settle.mutate({ requestId: requestId(), visitId, memberRef, amountFen: 70_000 })
}

test('points arrived: after a purchase, to who allowed it', async () => {
  await allow(friendKey, friend, 'points_arrived')
  await buy()
  await expectOne(friendKey, friend, 'points_arrived', { thing1: '到店消费 ¥700.00', number2: '700' })
})

test('nothing is sent to who allowed nothing', async () => {
  await buy()
  expect(await send()).toMatchObject({ taken: 0 })
  expect(sentTo(friendKey, 'points_arrived')).toHaveLength(1)
})

test('reward released: when the job pays Mei, with no name of her friend', async () => {
  await allow('mei', mei, 'reward_released')
  const { friends } = await mei.api.referral.mine.query()
  const held = friends.find((one) => one.state === 'held' && Date.parse(one.joinedAt) > Date.now() - 600_000)
  expect(held).toMatchObject({ points: 100, releaseAt: expect.any(String) })
  const releaseAt = Date.parse(held?.releaseAt as string)
  jobs.clock.at = new Date(releaseAt - 1_000)
  await releaseDueReferrals(jobs.as(), { batch: 200 })
  expect(await stateOf(held?.referralId)).toBe('held')
  jobs.clock.at = new Date(releaseAt)
  await releaseDueReferrals(jobs.as(), { batch: 200 })
  await expectOne('mei', mei, 'reward_released', { thing1: '朋友喝到第一盏', number2: '100' })
})

test('pick-up ready: when what the shop prepares is there, before the last day to fetch it', async () => {
  await allow('mei', mei, 'pickup_ready')
  const wish = { requestId: randomUUID(), rewardId: 'white_bowl', points: 460 }
  const { redemption } = await mei.api.mall.exchange.mutate(wish)
  expect(redemption).toMatchObject({ state: 'placed', pickupCode: null })
  expect(await send()).toMatchObject({ taken: 0 })
  jobs.clock.at = new Date(Date.parse(redemption.readyAt) + 1_000)
  await makeRedemptionsReady(jobs.as(), { batch: 200 })
  await expectOne('mei', mei, 'pickup_ready', {
    thing1: '白瓷小盏',
    time2: expect.stringMatching(/^\d{4}年\d+月\d+日 \d\d:\d\d$/),
  })
  const { redemptions } = await mei.api.mall.redemptions.query({})
  expect(redemptions[0]).toMatchObject({ state: 'ready', pickupCode: expect.stringMatching(/^\d{8}$/) })
})

test('the books hold, and no message names a friend', async () => {
  await expectLedgerHolds(jobs.as().db)
  expect(JSON.stringify(house.sandbox.control.sent())).not.toContain('路人')
})
