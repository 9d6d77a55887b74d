import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { until } from '../../../test/support/patience'
import { refusalOf } from '../../../test/support/refusals'
import { DEMO_APPS, MORE_APPS, openidOf, unionidOf } from '../../../test/wechat-sandbox'
import { unionidFor } from '../../../test/wechat-sandbox/identity'
import { attachPhone } from '../member/attach-phone'
import { award, holderOf, mergedInto } from '../member/member.fixture'
import { type JoinInput, joinMember } from './join-member'
import type { Door } from './open-session'
import { agreed, guestOf, memberOf, type SessionHouse, sessionHouse } from './session.fixture'

const database = testDatabase()
let one: SessionHouse
beforeAll(async () => {
  one = await sessionHouse(database.url)
})
afterAll(() => one.close())
afterEach(() => {
  for (const { appid } of [DEMO_APPS.weapp, DEMO_APPS.oa, ...Object.values(MORE_APPS)]) bind(appid, '')
})

const bind = (appid: string, platform: string | null) => one.sandbox.control.bindApp(appid, platform)
const { weapp, oa } = DEMO_APPS
const { order, garden } = MORE_APPS

type AppOf = { kind: 'weapp' | 'oa'; appid: string }
const doorOf = (key: string, { kind, appid }: AppOf): Door =>
  kind === 'weapp'
    ? { kind, code: one.sandbox.control.loginCode(key, appid), appid }
    : { kind: 'oauth', code: one.sandbox.control.oauthCode(key, { appid }), appid }
const [WEAPP, OA, ORDER, GARDEN] = [
  { kind: 'weapp', appid: weapp.appid },
  { kind: 'oa', appid: oa.appid },
  order,
  garden,
] as const

/** Comes in by this app and joins, with the phone's button of it when asked. */
async function joinBy(key: string, app: AppOf, phone?: JoinInput['phone']) {
  const { guestToken } = await guestOf(one.open(doorOf(key, app)))
  const guest = { ...(await one.bearer(guestToken)), clientIp: '203.0.113.5' }
  const joined = await joinMember(guest, agreed(guest, phone ? { phone } : {}))
  return { ...joined, ctx: await one.bearer(joined.tokens.accessToken) }
}
const cameIn = async (key: string, app: AppOf) => (await memberOf(one.open(doorOf(key, app)))).memberId
const buttonOf = (key: string, appid?: string) =>
  ({ kind: 'weapp', code: one.sandbox.control.phoneCode(key, appid), ...(appid ? { appid } : {}) }) as const
/** A text to the person's number, as a browser without WeChat proves it. */
const byText = async (phone: string) => ({ kind: 'sms', phone, code: await one.textCode(phone) }) as const
const identitiesOf = async (memberId: string) => {
  const rows = await one.house.prisma.identity.findMany({ where: { memberId }, orderBy: { subject: 'asc' } })
  return rows.map(({ kind, issuer, subject }) => ({ kind, issuer, subject }))
}

describe('several apps of one brand', () => {
  test('each has its own openid, secret and code; the unionid makes their people one', async () => {
    const { key } = one.stranger({ unionid: unionidOf('several') })
    const { memberId } = await joinBy(key, ORDER)
    for (const app of [GARDEN, WEAPP, OA]) expect(await cameIn(key, app)).toBe(memberId)
    const openids = [WEAPP, OA, ORDER, GARDEN].map(({ appid }) => ({
      kind: 'wechat_openid',
      issuer: appid,
      subject: openidOf(appid, key),
    }))
    const union = { kind: 'wechat_unionid', issuer: '', subject: unionidOf('several') }
    expect(await identitiesOf(memberId)).toEqual([...openids, union].sort((a, b) => (a.subject < b.subject ? -1 : 1)))
  })

  test('an app that is not the brand’s, or of the other kind, is refused by name, and the code of one app at another', async () => {
    const { key } = one.stranger()
    const code = one.sandbox.control.loginCode(key)
    const fields = [{ path: 'door.appid', problem: 'not an app of this brand' }]
    for (const appid of ['wx0000000000000000', oa.appid, garden.appid])
      expect(await refusalOf(one.open({ kind: 'weapp', code, appid }), 'BAD_INPUT')).toEqual({ fields })
    expect(await refusalOf(one.open({ kind: 'oauth', code, appid: order.appid }), 'BAD_INPUT')).toEqual({ fields })
    await refusalOf(one.open({ kind: 'weapp', code, appid: order.appid }), 'WECHAT_CODE_BAD')
    expect(await one.open({ kind: 'weapp', code })).toMatchObject({ kind: 'guest' })
  })

  test('the phone button and the risk rank are the app’s that was used, whether the phone says it or not', async () => {
    const [said, silent] = [one.stranger(), one.stranger()]
    one.sandbox.control.setRank(said.key, 3)
    const joined = await joinBy(said.key, ORDER, buttonOf(said.key, order.appid))
    expect(await holderOf(one, said.phone)).toBe(joined.memberId)
    const code = one.sandbox.control.phoneCode(silent.key, order.appid)
    const other = await joinBy(silent.key, ORDER, { kind: 'weapp', code })
    expect(await holderOf(one, silent.phone)).toBe(other.memberId)
    const rankOf = async () =>
      (await one.house.prisma.member.findUniqueOrThrow({ where: { memberId: joined.memberId } })).joinRisk
    expect(await until(rankOf, (rank) => rank !== null)).toBe(3)
  })

  test('open-platform accounts give unionids of their own: another one says nothing of who is whom', async () => {
    bind(order.appid, 'elsewhere')
    // the brand has been told as well: its unionids are kept apart from the main ones
    const moved = { ...order, platform: 'elsewhere' }
    const ctx = { ...one.as(), wechat: { ...one.house.wechat, moreApps: [moved, garden] } }
    const { key } = one.stranger({ unionid: unionidOf('accounts') })
    const main = await joinBy(key, WEAPP)
    const { openSession } = await import('./open-session')
    const guest = await openSession(ctx, { door: doorOf(key, ORDER), deviceLabel: 'x', platform: 'weapp' })
    expect(guest.kind).toBe('guest')
    const asGuest = await one.bearer((guest as { guestToken: string }).guestToken)
    const { memberId } = await joinMember(asGuest, agreed(asGuest))
    expect(memberId).not.toBe(main.memberId)
    expect(await identitiesOf(memberId)).toContainEqual({
      kind: 'wechat_unionid',
      issuer: 'elsewhere',
      subject: unionidFor('elsewhere', key),
    })
  })
})

describe('mini-program and official account of one person', () => {
  const apart = { weapp: [null, null], later: ['', ''] } as const

  test('the unionid is not known, then known: one member, and the phone was never taken', async () => {
    for (const [{ appid }, platform] of [
      [WEAPP, apart.weapp[0]],
      [OA, apart.weapp[1]],
    ] as const)
      bind(appid, platform)
    const { key, phone } = one.stranger({ unionid: unionidOf('late') })
    const first = await joinBy(key, OA, await byText(phone))
    await award(one, first.memberId, { points: 120 })
    one.clock.pass(31 * DAY_MS)
    // the mini-program may be anybody's who has the number today: history and number wait
    const second = await joinBy(key, WEAPP, buttonOf(key))
    expect(second.memberId).not.toBe(first.memberId)
    expect(second.welcome.points).toBe(0)
    for (let round = 0; round < 4; round++) {
      expect(await holderOf(one, phone)).toBe(first.memberId)
      // either side goes on proving it; neither takes it from the other, however long one was away
      one.clock.pass(45 * DAY_MS)
      const back = await memberOf(one.open(doorOf(key, WEAPP)))
      const ctx = await one.bearer(back.tokens.accessToken)
      const proof = { requestId: crypto.randomUUID(), phone: buttonOf(key) }
      expect(await attachPhone(ctx, proof)).toMatchObject({ attached: false })
    }
    expect(await mergedInto(one, second.memberId)).toBeNull()
    // known on one side only: still two
    bind(weapp.appid, '')
    expect(await cameIn(key, WEAPP)).toBe(second.memberId)
    expect(await holderOf(one, phone)).toBe(first.memberId)
    // known on both: one, with the points and the number
    bind(oa.appid, '')
    expect(await cameIn(key, OA)).toBe(first.memberId)
    expect(await mergedInto(one, second.memberId)).toBe(first.memberId)
    expect(await holderOf(one, phone)).toBe(first.memberId)
    expect(await cameIn(key, WEAPP)).toBe(first.memberId)
  })

  test('both proved the number within 30 days: one member without any unionid', async () => {
    bind(weapp.appid, null)
    bind(oa.appid, null)
    const { key, phone } = one.stranger()
    const first = await joinBy(key, WEAPP, buttonOf(key))
    one.clock.pass(29 * DAY_MS)
    const second = await joinBy(key, OA, await byText(phone))
    expect(second.memberId).toBe(first.memberId)
  })

  test('an operator has separated them: the unionid stays where it is, and the number goes to who proves it', async () => {
    bind(weapp.appid, null)
    bind(oa.appid, null)
    const { key, phone } = one.stranger({ unionid: unionidOf('separated') })
    const first = await joinBy(key, OA, await byText(phone))
    const second = await joinBy(key, WEAPP)
    const pair = [first.memberId, second.memberId] as const
    const mergeId = crypto.randomUUID()
    const at = one.clock.at
    await one.house.prisma.keptApart.createMany({
      data: [pair, [...pair].reverse()].map(([memberId, otherId]) => ({
        memberId: memberId as string,
        otherId: otherId as string,
        mergeId,
        at,
      })),
    })
    bind(weapp.appid, '')
    bind(oa.appid, '')
    expect([await cameIn(key, OA), await cameIn(key, WEAPP)]).toEqual([...pair])
    const union = { kind_issuer_subject: { kind: 'wechat_unionid', issuer: '', subject: unionidOf('separated') } }
    expect(await one.house.prisma.identity.findUnique({ where: union })).toMatchObject({ memberId: first.memberId })
    await attachPhone(second.ctx, { requestId: crypto.randomUUID(), phone: buttonOf(key) })
    expect(await holderOf(one, phone)).toBe(second.memberId)
    expect(await mergedInto(one, second.memberId)).toBeNull()
  })
})
