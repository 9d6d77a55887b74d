import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { until } from '../../../test/support/patience'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { account, award, holderOf, mergedInto, newMember, newOpenid, oldCard, times } from '../member/member.fixture'
import { joinMember } from './join-member'
import { refreshSession } from './refresh-session'
import { agreed, guestOf, newcomer, type SessionHouse, sessionHouse } from './session.fixture'

const database = testDatabase()
let one: SessionHouse
beforeAll(async () => {
  one = await sessionHouse(database.url)
  await one.warm()
})
afterAll(() => one.close())
afterEach(() => one.sandbox.control.clearFaults())

const phoneOf = (key: string) => ({ kind: 'weapp', code: one.sandbox.control.phoneCode(key) }) as const
/** A stranger at the door of the mini-program. */
async function atTheDoor(wish: Parameters<SessionHouse['stranger']>[0] = {}, arrival = { channel: 'poster' }) {
  const who = one.stranger(wish)
  const door = { kind: 'weapp', code: one.sandbox.control.loginCode(who.key) } as const
  const guest = await guestOf(one.open(door, { arrival }))
  return { ...who, ctx: await one.bearer(guest.guestToken) }
}
const memberRow = (memberId: string) => one.house.prisma.member.findUniqueOrThrow({ where: { memberId } })

test('agreeing with one proof is enough: a card, a number, no points, the lowest tier, no phone', async () => {
  const { ctx } = await atTheDoor()
  const joined = await joinMember(ctx, agreed(ctx))
  expect(joined).toMatchObject({ welcome: { points: 0, tier: 1 }, claim: null })
  expect(await one.house.prisma.identity.count({ where: { memberId: joined.memberId, kind: 'phone' } })).toBe(0)
  expect((await memberRow(joined.memberId)).memberNo).toMatch(/^8\d{15}$/)
  expect((await one.bearer(joined.tokens.accessToken)).actor).toMatchObject({ memberId: joined.memberId })
})

test('where they came from is kept with the member: of the join, else of the first look; never rewritten', async () => {
  const late = await atTheDoor()
  const arrival = { channel: 'friend', link: 'Ab3', storeId: 'hubin', scene: 1_007 }
  const first = await joinMember(late.ctx, agreed(late.ctx, { arrival }))
  const kept = { joinChannel: 'friend', joinLink: 'Ab3', joinStoreId: 'hubin', joinScene: 1_007 }
  expect(await memberRow(first.memberId)).toMatchObject(kept)
  const early = await atTheDoor()
  expect(await memberRow((await joinMember(early.ctx, agreed(early.ctx))).memberId)).toMatchObject({
    joinChannel: 'poster',
    joinLink: null,
  })
  await joinMember(late.ctx, agreed(late.ctx, { arrival: { channel: 'elsewhere' } }))
  expect(await memberRow(first.memberId)).toMatchObject(kept)
})

test('phone and network are kept as hashes, again at the next sign-in and renewal; a stranger to WeChat is noted', async () => {
  const { key, ctx } = await atTheDoor()
  const install = randomUUID()
  const at = (clientIp: string, inside = ctx) => ({ ...inside, clientIp })
  // WeChat knows whom it has seen for two hours
  one.sandbox.control.hold(one.sandbox.control.now() + 3 * 3_600_000)
  const { memberId, tokens } = await joinMember(at('203.0.113.5'), agreed(ctx, { install }))
  const rows = () => one.house.prisma.riskPrint.findMany({ where: { memberId }, orderBy: [{ kind: 'asc' }] })
  expect((await rows()).map(({ kind }) => kind)).toEqual(['device', 'network'])
  const joinRisk = async () => (await memberRow(memberId)).joinRisk
  expect(await until(joinRisk, (risk) => risk !== null)).toBe(-1)

  one.clock.pass(3_600_001)
  await one.open({ kind: 'weapp', code: one.sandbox.control.loginCode(key) }, { install })
  await refreshSession(at('198.51.100.7', one.as()), { refreshToken: tokens.refreshToken, install })
  expect(await rows()).toMatchObject([
    { kind: 'device', lastAt: one.clock.at },
    { kind: 'network' },
    { kind: 'network' },
  ])

  // who comes in again by a real phone has not joined by it
  let asked = 0
  const riskRank = async () => ({ rank: asked++ })
  await joinMember({ ...ctx, wechat: { ...ctx.wechat, riskRank } as never }, agreed(ctx, { install }))
  for (let look = 0; look < 50; look++) expect(await joinRisk()).toBe(-1)
  expect(asked).toBe(1)
  expect(JSON.stringify(await rows())).not.toMatch(new RegExp(`${install}|203.0|198.51`))
  one.sandbox.control.release()
})

test('what was agreed to is written with its version; an older text is not agreed to', async () => {
  const { ctx } = await atTheDoor()
  const version = one.house.policy.consentVersion
  expect(await refusalOf(joinMember(ctx, agreed(ctx, { consentVersion: '2020-01-01' })), 'CONSENT_STALE')).toEqual({
    version,
  })
  const { memberId } = await joinMember(ctx, agreed(ctx))
  expect(await one.house.prisma.consent.findMany({ where: { memberId } })).toEqual([
    { memberId, document: 'privacy', version, grantedAt: one.clock.at, withdrawnAt: null },
  ])
})

test('only a guest joins', async () => {
  const me = await newcomer(one)
  await refusalOf(joinMember(me.ctx, agreed(me.ctx)), 'GUEST_NEEDED')
  await refusalOf(joinMember(one.as(), agreed(me.ctx)), 'GUEST_NEEDED')
})

describe('the phone', () => {
  test('I-ID2: of a card in use brings its member; of a silent card a claim and nothing else', async () => {
    const alive = await oldCard(one, { joinedDaysAgo: 30 })
    const back = await atTheDoor({ phone: alive.phone })
    const known = await joinMember(back.ctx, agreed(back.ctx, { phone: phoneOf(back.key) }))
    expect(known).toMatchObject({ memberId: alive.memberId, welcome: { points: 320 }, claim: null })

    const silent = await oldCard(one)
    const maybe = await atTheDoor({ phone: silent.phone })
    const joined = await joinMember(maybe.ctx, agreed(maybe.ctx, { phone: phoneOf(maybe.key) }))
    expect(joined).toMatchObject({ welcome: { points: 0 }, claim: { points: 320, triesLeft: 5 } })
    expect(joined.memberId).not.toBe(silent.memberId)
    expect(await memberRow(joined.memberId)).toMatchObject({ nameSealed: null })
    expect(await account(one, silent.memberId)).toMatchObject({ availablePoints: 320 })
  })

  test('of a different WeChat person moves, and that person keeps everything else', async () => {
    const holder = await newcomer(one)
    await award(one, holder.memberId, { points: 50 })
    const me = await atTheDoor({ phone: holder.phone })
    const joined = await joinMember(me.ctx, agreed(me.ctx, { phone: phoneOf(me.key) }))
    expect(joined.welcome.points).toBe(0)
    expect(await holderOf(one, holder.phone)).toBe(joined.memberId)
    expect(await account(one, holder.memberId)).toMatchObject({ availablePoints: 50 })
    const told = { memberId: holder.memberId, template: 'phone_moved' }
    expect(await one.house.prisma.outboxMessage.count({ where: told })).toBe(1)
  })

  test('three records of one person, two by WeChat and a card by the phone, become one in one join', async () => {
    const unionid = newOpenid()
    const card = await oldCard(one, { joinedDaysAgo: 20 })
    const me = await atTheDoor({ unionid, phone: card.phone })
    const openid = one.sandbox.control.people().find(({ key }) => key === me.key)?.openids[one.house.weappId] as string
    // while the guest was reading, both identities came to be held by two records
    const [a, b] = await Promise.all([
      newMember(one, { weapp: { openid } }),
      newMember(one, { weapp: null, oa: { openid: newOpenid() } }),
    ])
    const union = { kind: 'wechat_unionid', issuer: '', subject: unionid, memberId: b.memberId }
    await one.house.prisma.identity.create({ data: { ...union, provenAt: one.clock.at, firstAt: one.clock.at } })
    const joined = await joinMember(me.ctx, agreed(me.ctx, { phone: phoneOf(me.key) }))
    expect(joined.welcome.points).toBe(320)
    const all = [a.memberId, b.memberId, card.memberId]
    const gone = await Promise.all(all.filter((id) => id !== joined.memberId).map((id) => mergedInto(one, id)))
    expect(gone).toEqual([joined.memberId, joined.memberId])
    expect(await holderOf(one, card.phone)).toBe(joined.memberId)
    await expectLedgerHolds(one.house.prisma)
  })

  test('whose code belongs to somebody else is refused, and the guest may try again', async () => {
    const me = await atTheDoor()
    const other = one.stranger()
    await refusalOf(joinMember(me.ctx, agreed(me.ctx, { phone: phoneOf(other.key) })), 'WECHAT_CODE_BAD')
    one.sandbox.control.inject({ path: '/wxa/business/getuserphonenumber', kind: 'latency', ms: 5_000, count: 9 })
    const hurried = { ...me.ctx, wechat: one.hurried }
    await refusalOf(joinMember(hurried, agreed(me.ctx, { phone: phoneOf(me.key) })), 'WECHAT_DOWN')
    one.sandbox.control.clearFaults()
    await joinMember(me.ctx, agreed(me.ctx, { phone: phoneOf(me.key) }))
  })
})

describe('sent again', () => {
  test('it gives the same member and a session that works, without spending a code twice', async () => {
    const { ctx, key } = await atTheDoor()
    const asked = agreed(ctx, { phone: phoneOf(key) })
    const first = await joinMember(ctx, asked)
    const again = await joinMember(ctx, asked)
    expect(again).toEqual(first)
    expect((await one.bearer(again.tokens.accessToken)).actor).toMatchObject({ memberId: first.memberId })
    expect(await one.house.prisma.session.count({ where: { memberId: first.memberId } })).toBe(1)
    await refusalOf(joinMember(ctx, { ...asked, deviceLabel: 'another' }), 'REQUEST_REUSED')
  })

  test('after a merge it gives the survivor and a session there', async () => {
    const { ctx } = await atTheDoor()
    const asked = agreed(ctx)
    const first = await joinMember(ctx, asked)
    const survivor = await newMember(one)
    await inTx(one.as(), (tx) => mergeMember(tx, survivor.memberId, first.memberId))
    const again = await joinMember(ctx, asked)
    expect(again.memberId).toBe(survivor.memberId)
    expect((await one.bearer(again.tokens.accessToken)).actor).toMatchObject({ memberId: survivor.memberId })
  })
})

describe('at once', () => {
  test('I-ID1: one person joins 64 times from one note: one member', async () => {
    const { ctx } = await atTheDoor()
    const joined = await Promise.all(times(64, () => joinMember(ctx, agreed(ctx))))
    expect(new Set(joined.map(({ memberId }) => memberId)).size).toBe(1)
    expect(await one.house.prisma.session.count({ where: { memberId: joined[0]?.memberId as string } })).toBe(64)
  })

  test('I-L5: one command sent 16 times: one member, one session, equal answers', async () => {
    const { ctx, key } = await atTheDoor()
    const asked = agreed(ctx, { requestId: randomUUID(), phone: phoneOf(key) })
    const first = joinMember(ctx, asked)
    await first
    const answers = await Promise.all([first, ...times(15, () => joinMember(ctx, asked))])
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  })

  test('I-ID1, I-ID3: 32 people prove one number at once: 32 members, one owner', async () => {
    const number = one.stranger().phone
    const people = await Promise.all(times(32, () => atTheDoor({ phone: number })))
    const works = people.map(({ ctx, key }) => joinMember(ctx, agreed(ctx, { phone: phoneOf(key) })))
    expect(await endsOf(works)).toEqual({ answer: 32 })
    const joined = await Promise.all(works)
    expect(new Set(joined.map(({ memberId }) => memberId)).size).toBe(32)
    expect(joined.map(({ memberId }) => memberId)).toContain(await holderOf(one, number))
  })
})
