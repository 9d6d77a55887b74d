import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { newStaff } from '../../../test/support/people'
import { keysFrom } from '../keys'
import { memberHouse, newMember, times } from '../member/member.fixture'
import { merged, undone } from '../merge/undo.fixture'
import { type Wechat, WechatError } from '../wechat'
import { collectPair } from './collect-pair'
import { forgetPrints } from './forget-prints'
import { printsOf, type Seen } from './prints-of'
import { riskOnOrderSettled } from './risk-on-order-settled'

const database = testDatabase()
let one: ReturnType<typeof memberHouse>
const asked: unknown[] = []
let answer: () => { rank: number | null } = () => ({ rank: 1 })
beforeAll(async () => {
  const riskRank = async (question: unknown) => {
    asked.push(question)
    return answer()
  }
  one = memberHouse(database.url, { wechat: { moreApps: [], riskRank } as unknown as Wechat })
  await one.warm()
})
afterAll(() => one.close())

const see = (memberId: string, seen: Seen, keys = one.house.keys) =>
  one.house.sql('risk_seen', { memberId, prints: printsOf({ keys }, seen), at: one.clock.at })
const somebody = async () => (await newMember(one, { joinedDaysAgo: 30 })).memberId
const bring = async (inviterId: string, state = 'joined', reason: string | null = null) => {
  const memberId = await somebody()
  const joinedAt = one.clock.at
  const edge = { memberId, referralId: randomUUID(), inviterId, code: 'X', campaignId: 'c', state, reason, joinedAt }
  await one.house.prisma.referral.create({ data: edge })
  return memberId
}
const pair = (inviterId: string, friendId: string) => collectPair(one.as(), { inviterId, friendId })
let place = 0
const newIp = () => `203.0.${Math.floor(++place / 250)}.${(place % 250) + 1}`

test('two strangers have nothing in common, and WeChat is asked about the friend', async () => {
  const inviter = await somebody()
  const friend = await bring(inviter)
  for (const who of [inviter, friend]) await see(who, { install: randomUUID(), payer: randomUUID(), ip: newIp() })
  expect(await pair(inviter, friend)).toEqual({
    sharedDevices: 0,
    devicePeople: 0,
    sharedPayers: 0,
    payerPeople: 0,
    networkPeople: null,
    staff: null,
    joinedWithinHour: 1,
    joinedWithinDay: 1,
    riskAtJoin: null,
    riskNow: 1,
    mergedBefore: false,
    phoneMoved: false,
  })
  const { subject } = await one.house.prisma.identity.findFirstOrThrow({
    where: { memberId: friend, kind: 'wechat_openid' },
  })
  expect(asked.at(-1)).toEqual({ openid: subject, scene: 'marketing', clientIp: '127.0.0.1' })
})

test('what they share, and who else was brought on it; old prints and friends who were none do not count', async () => {
  const inviter = await somebody()
  const friends = await Promise.all(times(3, () => bring(inviter)))
  const [friend = ''] = friends
  const [late, bystander] = [await bring(inviter, 'refused', 'window_over'), await somebody()]
  const [phone, payer, ip] = [randomUUID(), randomUUID(), newIp()]
  for (const who of [...friends, late, bystander]) await see(who, { install: phone, ip })
  await see(inviter, { payer, ip })
  const event = { memberId: friend, orderId: '', amountFen: 1, points: 0, growth: 0, activeAt: one.clock.at }
  const [call] = riskOnOrderSettled({ ...event, at: one.clock.at, payerPrints: printsOf(one.house, { payer }) })
  await one.house.sql(call?.fn ?? '', call?.args)
  expect(await pair(inviter, friend)).toMatchObject({
    sharedDevices: 0,
    devicePeople: 2,
    sharedPayers: 1,
    payerPeople: 0,
    // the two, and those whom nobody on it brought
    networkPeople: 4,
    joinedWithinHour: 3,
  })
  await see(inviter, { install: phone })
  expect(await pair(inviter, friend)).toMatchObject({ sharedDevices: 1, devicePeople: 2 })

  one.clock.pass(90 * DAY_MS)
  await see(inviter, { install: phone })
  one.clock.pass(91 * DAY_MS)
  expect(await pair(inviter, friend)).toMatchObject({ sharedDevices: 0, devicePeople: 0, networkPeople: null })
  expect(await forgetPrints(one.as())).toBeGreaterThan(5)
  expect(await one.house.prisma.riskPrint.findMany({ where: { memberId: inviter } })).toMatchObject([
    { kind: 'device' },
  ])
})

test('a network is a public one by its strangers, not by the size of a farm on it', async () => {
  const inviter = await somebody()
  const farm = await Promise.all(times(20, () => bring(inviter)))
  const [home, shop] = [newIp(), newIp()]
  for (const who of [inviter, ...farm]) await see(who, { ip: home })
  expect(await pair(inviter, farm[0] ?? '')).toMatchObject({ networkPeople: 2, joinedWithinDay: 20 })
  const guests = await Promise.all(times(15, somebody))
  for (const who of [inviter, farm[1] ?? '', ...guests]) await see(who, { ip: shop })
  // the smaller of the two that both were on
  expect(await pair(inviter, farm[1] ?? '')).toMatchObject({ networkPeople: 2 })
  const honest = await bring(inviter)
  await see(honest, { ip: shop })
  expect(await pair(inviter, honest)).toMatchObject({ networkPeople: 17 })
})

test('all records of a person count, and a separation is remembered', async () => {
  const [inviter, kept, other] = [await somebody(), await somebody(), await somebody()]
  const friend = await bring(inviter)
  const phone = randomUUID()
  await see(kept, { install: phone })
  await see(friend, { install: phone })
  const first = await merged(one, inviter, kept)
  expect(await pair(inviter, friend)).toMatchObject({ sharedDevices: 1, devicePeople: 0 })
  expect(await pair(kept, friend)).toMatchObject({ sharedDevices: 1 })
  await undone(one, first)
  expect(await pair(inviter, friend)).toMatchObject({ sharedDevices: 0, mergedBefore: false })

  const second = await merged(one, inviter, other)
  await undone(one, second)
  expect(await pair(other, inviter)).toMatchObject({ mergedBefore: true })
  const [staff] = [await newStaff(one)]
  expect(await pair(staff.memberId, friend)).toMatchObject({ staff: 'inviter', mergedBefore: false })
  expect(await pair(friend, staff.memberId)).toMatchObject({ staff: 'friend' })
})

test('a phone that was the other’s before, and the gravest rank at joining', async () => {
  const [inviter, friend] = [await newMember(one), await newMember(one)]
  const { kind, issuer, subject } = await one.house.prisma.identity.findFirstOrThrow({
    where: { memberId: friend.memberId, kind: 'phone' },
  })
  const at = one.clock.at
  const gone = { kind, issuer, subject, endedAt: at, provenAt: at, firstAt: at, because: 'moved' }
  await one.house.prisma.formerIdentity.create({ data: { ...gone, memberId: inviter.memberId } })
  await one.house.prisma.member.update({ where: { memberId: friend.memberId }, data: { joinRisk: -1 } })
  const facts = { phoneMoved: true, riskAtJoin: -1, joinedWithinHour: 0, joinedWithinDay: 0 }
  expect(await pair(inviter.memberId, friend.memberId)).toMatchObject(facts)
  expect(await pair(friend.memberId, inviter.memberId)).toMatchObject({ phoneMoved: true, riskAtJoin: null })
})

test('a WeChat that is away holds up one, not all; a no to one person says nothing of the next', async () => {
  const [inviter, friend] = [await somebody(), await somebody()]
  const told = (trouble: 'errcode' | 'timeout') => () => {
    throw new WechatError({ endpoint: '/wxa/getuserriskrank', trouble, outcome: 'refused', retryable: false })
  }
  const ranks = async () => {
    const before = asked.length
    expect([(await pair(inviter, friend)).riskNow, (await pair(inviter, friend)).riskNow]).toEqual([null, null])
    return asked.length - before
  }
  answer = () => ({ rank: null })
  expect(await ranks()).toBe(2)
  answer = told('errcode')
  expect(await ranks()).toBe(2)
  answer = told('timeout')
  expect(await ranks()).toBe(1)
  one.clock.pass(60_000)
  answer = () => ({ rank: 4 })
  expect(await pair(inviter, friend)).toMatchObject({ riskNow: 4 })
})

test('64 sightings at once are one row; 40 of a kind are kept; new keys separate nobody; leaving takes all along', async () => {
  const [who, other] = [await somebody(), await somebody()]
  const rows = (memberId: string) => one.house.prisma.riskPrint.findMany({ where: { memberId } })
  const phone = randomUUID()
  await see(other, { install: phone })
  await Promise.all(times(64, () => see(who, { install: phone, ip: '198.51.100.9' })))
  expect(await rows(who)).toHaveLength(2)
  const rotated = keysFrom(`2:${Buffer.alloc(32, 9).toString('base64')},1:${Buffer.alloc(32, 7).toString('base64')}`)
  await Promise.all(times(16, (n) => see(n % 2 ? who : other, { install: phone }, rotated)))
  expect(await pair(who, other)).toMatchObject({ sharedDevices: 1 })
  expect(await rows(other)).toHaveLength(1)
  for (let n = 0; n < 45; n++) {
    one.clock.pass(1_000)
    await see(who, { install: randomUUID() })
  }
  expect(await rows(who)).toHaveLength(41)
  await one.house.sql('risk_erase', { memberId: who, records: [who] })
  expect([await rows(who), (await rows(other)).length]).toEqual([[], 1])
  await one.house.prisma.member.update({ where: { memberId: who }, data: { status: 'cancelled' } })
  await see(who, { install: phone })
  expect(await rows(who)).toEqual([])
})
