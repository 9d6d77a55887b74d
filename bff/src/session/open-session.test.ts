import { testDatabase } from '../../../test/support/database'
import { refusalOf } from '../../../test/support/refusals'
import { account, award, holderOf, mergedInto, newOpenid, oldCard } from '../member/member.fixture'
import { joinMember } from './join-member'
import { openSession } from './open-session'
import { agreed, guestOf, memberOf, newcomer, type SessionHouse, sessionHouse } from './session.fixture'

const database = testDatabase()
let one: SessionHouse
beforeAll(async () => {
  one = await sessionHouse(database.url)
})
afterAll(() => one.close())
afterEach(() => one.sandbox.control.clearFaults())

const weapp = (key: string) => ({ kind: 'weapp', code: one.sandbox.control.loginCode(key) }) as const
const oauth = (key: string) => ({ kind: 'oauth', code: one.sandbox.control.oauthCode(key) }) as const
const sms = async (phone: string) => ({ kind: 'sms', phone, code: await one.textCode(phone) }) as const
const members = () => one.house.prisma.member.count()

describe('before agreeing there is only a guest, and nothing of them is kept', () => {
  test.each(['weapp', 'oauth', 'sms'] as const)('by %s', async (door) => {
    const { key, phone } = one.stranger()
    const before = await members()
    const door_ = door === 'weapp' ? weapp(key) : door === 'oauth' ? oauth(key) : await sms(phone)
    const guest = await guestOf(one.open(door_))
    expect(guest.hasPhone).toBe(door === 'sms')
    expect(new Date(guest.expiresAt).getTime() - one.clock.at.getTime()).toBe(24 * 3_600_000)
    expect(await members()).toBe(before)
    expect(await one.house.prisma.session.count({ where: { createdAt: one.clock.at } })).toBe(0)
    const { actor } = await one.bearer(guest.guestToken)
    expect(actor).toMatchObject({ kind: 'guest', arrival: { channel: 'weapp' } })
  })

  test('where they came from travels in the sealed note', async () => {
    const arrival = { channel: 'poster', link: 'Ab3', storeId: 'hubin', scene: 1_047 }
    const guest = await guestOf(one.open(weapp(one.stranger().key), { arrival }))
    expect((await one.bearer(guest.guestToken)).actor).toMatchObject({ arrival })
  })

  test('WeChat’s preview visitor proves nobody: a guest who cannot join without a phone', async () => {
    const answer = { openid: 'o-preview', access_token: 'x', is_snapshotuser: 1 }
    one.sandbox.control.inject({ path: '/sns/oauth2/access_token', kind: 'garbage', body: JSON.stringify(answer) })
    const guest = await guestOf(one.open(oauth(one.stranger().key)))
    const ctx = await one.bearer(guest.guestToken)
    expect(ctx.actor).toMatchObject({ kind: 'guest', proofs: [] })
    await refusalOf(joinMember(ctx, agreed(ctx)), 'PROOF_NEEDED')
  })
})

describe('a member comes back', () => {
  test('by the mini-program, by a text message, and with a new session each time', async () => {
    const me = await newcomer(one)
    const again = await memberOf(one.open(weapp(me.key)))
    const byText = await memberOf(one.open(await sms(me.phone), { platform: 'h5' }))
    expect([again.memberId, byText.memberId]).toEqual([me.memberId, me.memberId])
    expect(await one.house.prisma.session.count({ where: { memberId: me.memberId } })).toBe(3)
    expect((await one.bearer(byText.tokens.accessToken)).actor).toMatchObject({ kind: 'member', memberId: me.memberId })
  })

  test('by the official account, when a unionid says that it is the same person', async () => {
    const me = await newcomer(one, { unionid: newOpenid() })
    expect((await memberOf(one.open(oauth(me.key)))).memberId).toBe(me.memberId)
    expect(await one.house.prisma.identity.count({ where: { memberId: me.memberId, kind: 'wechat_openid' } })).toBe(2)
    const stranger = await newcomer(one)
    await guestOf(one.open(oauth(stranger.key)))
  })

  test('I-ID2: a unionid that arrives late makes two records one', async () => {
    const me = await newcomer(one)
    one.clock.pass(1_000)
    const guest = await guestOf(one.open(oauth(me.key)))
    const ctx = await one.bearer(guest.guestToken)
    const inBrowser = await joinMember(ctx, agreed(ctx))
    expect(inBrowser.memberId).not.toBe(me.memberId)
    await Promise.all([me, inBrowser].map(({ memberId }) => award(one, memberId, { points: 30 })))
    const person = one.sandbox.control.people().find(({ key }) => key === me.key)
    if (person) person.unionid = newOpenid()
    await memberOf(one.open(oauth(me.key)))
    const back = await memberOf(one.open(weapp(me.key)))
    expect(back.memberId).toBe(me.memberId)
    expect(await mergedInto(one, inBrowser.memberId)).toBe(me.memberId)
    expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 60 })
  })

  test('a number handed on opens nothing: its holder has been silent for 90 days', async () => {
    const card = await oldCard(one, { joinedDaysAgo: 90 })
    expect(await guestOf(one.open(await sms(card.phone)))).toMatchObject({ hasPhone: true })
    const alive = await oldCard(one, { joinedDaysAgo: 89 })
    expect((await memberOf(one.open(await sms(alive.phone)))).memberId).toBe(alive.memberId)
    expect(await holderOf(one, card.phone)).toBe(card.memberId)
  })
})

describe('is refused', () => {
  test('a code that was used, made up, or of the other door', async () => {
    const { key } = one.stranger()
    const used = weapp(key)
    await one.open(used)
    await refusalOf(one.open(used), 'WECHAT_CODE_BAD')
    await refusalOf(one.open({ kind: 'weapp', code: 'made-up' }), 'WECHAT_CODE_BAD')
    await refusalOf(one.open({ kind: 'weapp', code: oauth(key).code }), 'WECHAT_CODE_BAD')
    await refusalOf(one.open({ kind: 'oauth', code: weapp(key).code }), 'WECHAT_CODE_BAD')
  })

  test('somebody whom WeChat has blocked', async () => {
    const { key } = one.stranger()
    one.sandbox.control.setBlocked(key, true)
    await refusalOf(one.open(weapp(key)), 'WECHAT_BLOCKED')
  })

  test.each([
    ['slow', { kind: 'latency', ms: 5_000 }],
    ['cut off', { kind: 'drop' }],
    ['talking nonsense', { kind: 'garbage' }],
    ['broken', { kind: 'http', status: 502 }],
    ['out of order', { kind: 'errcode', errcode: -1 }],
  ] as const)('while WeChat is %s, and tells so', async (_how, fault) => {
    one.sandbox.control.inject({ path: '/sns/jscode2session', count: 9, ...fault })
    const asked = { door: weapp(one.stranger().key), deviceLabel: 'x', platform: 'weapp' } as const
    await refusalOf(openSession({ ...one.as(), wechat: one.hurried }, asked), 'WECHAT_DOWN')
  })

  test('a wrong text code, a spent one, and what is no phone', async () => {
    const { phone } = one.stranger()
    const door = await sms(phone)
    const wrong = door.code === '000000' ? '111111' : '000000'
    expect(await refusalOf(one.open({ ...door, code: wrong }), 'SMS_WRONG')).toEqual({ triesLeft: 4 })
    await one.open(door)
    await refusalOf(one.open(door), 'SMS_EXPIRED')
    await refusalOf(one.open({ ...door, phone: '12345' }), 'PHONE_INVALID')
  })
})
