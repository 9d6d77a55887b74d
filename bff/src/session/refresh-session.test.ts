import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import type { TestHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { type Ctx, ctxOf, inTx } from '../ctx'
import { mergeMember } from '../member'
import { memberHouse, newMember, times } from '../member/member.fixture'
import { revokeSession, signOut } from './end-session'
import { listSessions } from './list-sessions'
import { readActor } from './read-actor'
import { refreshSession } from './refresh-session'
import { startSession, tokensOf } from './start-session'

const database = testDatabase()
let one: TestHouse
let two: TestHouse
beforeAll(async () => {
  one = memberHouse(database.url)
  two = memberHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), two.warm()])
})
afterAll(() => Promise.all([one.close(), two.close()]))

interface SignedIn {
  memberId: string
  sessionId: string
  accessToken: string
  refreshToken: string
  ctx: Ctx
}
/** A place where the member is signed in. */
async function signIn(memberId: string, deviceLabel = '小米 15'): Promise<SignedIn> {
  const sessionId = await startSession(one.as(), memberId, { deviceLabel, platform: 'weapp' })
  const tokens = await tokensOf(one.as(), memberId, sessionId)
  return { ...tokens, memberId, sessionId, ctx: ctxOf(one.house, { kind: 'member', memberId, sessionId }) }
}
const newcomer = async () => signIn((await newMember(one)).memberId)
const refresh = (refreshToken: string, house = one) => refreshSession(house.as(), { refreshToken })
const actorOf = (accessToken: string, house = one) => readActor(house.house, `Bearer ${accessToken}`)
const row = ({ sessionId }: SignedIn) => one.house.prisma.session.findFirstOrThrow({ where: { sessionId } })

describe('a refresh token', () => {
  test('gives the next pair, moves the end of the session, and is a sign of life', async () => {
    const me = await newcomer()
    one.clock.pass(DAY_MS)
    const next = await refresh(me.refreshToken)
    expect(next.refreshToken).not.toBe(me.refreshToken)
    expect(new Date(next.refreshExpiresAt).getTime() - one.clock.at.getTime()).toBe(60 * DAY_MS)
    expect(await actorOf(next.accessToken)).toMatchObject({ memberId: me.memberId, sessionId: me.sessionId })
    const { lastActiveAt } = await one.house.prisma.member.findUniqueOrThrow({ where: { memberId: me.memberId } })
    expect(lastActiveAt).toEqual(one.clock.at)
  })

  test('is answered though phone and network could not be noted', async () => {
    const me = await newcomer()
    const sql = async (name: string, ...rest: unknown[]) => {
      if (name === 'risk_seen') throw new Error('lost')
      return (one.as().sql as (...all: unknown[]) => Promise<unknown>)(name, ...rest)
    }
    const ctx = { ...one.as(), sql: sql as Ctx['sql'] }
    const next = await refreshSession(ctx, { refreshToken: me.refreshToken, install: 'a'.repeat(32) })
    expect((await row(me)).generation).toBe(2)
    expect(await actorOf(next.accessToken)).toMatchObject({ memberId: me.memberId })
  })

  test('asked again within a minute, when the answer was lost, gives the same next token', async () => {
    const me = await newcomer()
    const first = await refresh(me.refreshToken)
    one.clock.pass(60_000)
    expect((await refresh(me.refreshToken, two)).refreshToken).toBe(first.refreshToken)
    expect((await row(me)).generation).toBe(2)
    await refresh(first.refreshToken)
  })

  test('that turns up a minute later was copied: the session ends for both holders', async () => {
    const me = await newcomer()
    const next = await refresh(me.refreshToken)
    await actorOf(next.accessToken)
    one.clock.pass(60_001)
    await refusalOf(refresh(me.refreshToken), 'SESSION_OVER')
    expect(await row(me)).toMatchObject({ revokedAt: one.clock.at, revokedReason: 'copied' })
    await refusalOf(refresh(next.refreshToken), 'SESSION_OVER')
    await refusalOf(actorOf(next.accessToken), 'SESSION_OVER')
  })

  test('two generations old was copied, however soon it comes', async () => {
    const me = await newcomer()
    const next = await refresh(me.refreshToken)
    await refresh(next.refreshToken)
    await refusalOf(refresh(me.refreshToken), 'SESSION_OVER')
    await refusalOf(refresh(next.refreshToken), 'SESSION_OVER')
  })

  test('is over after 60 days without use, to the millisecond', async () => {
    const [a, b] = [await newcomer(), await newcomer()]
    one.clock.pass(60 * DAY_MS - 1)
    await refresh(a.refreshToken)
    one.clock.pass(1)
    await refusalOf(refresh(b.refreshToken), 'SESSION_OVER')
  })

  test('of one session ends no other one', async () => {
    const a = await newcomer()
    const b = await signIn(a.memberId)
    await refresh((await refresh(a.refreshToken)).refreshToken)
    await refusalOf(refresh(a.refreshToken), 'SESSION_OVER')
    await refresh(b.refreshToken)
  })

  test('turned over 32 times at once over two processes is turned once', async () => {
    const me = await newcomer()
    const tokens = await Promise.all(times(32, (n) => refresh(me.refreshToken, n % 2 ? two : one)))
    expect(new Set(tokens.map(({ refreshToken }) => refreshToken)).size).toBe(1)
    expect((await row(me)).generation).toBe(2)
  })

  test('that is forged, cut or of another session is refused and ends nothing', async () => {
    const [a, b] = [await newcomer(), await newcomer()]
    const [memberId, sessionId, , seal] = a.refreshToken.split('.') as [string, string, string, string]
    const forged = [
      `${memberId}.${sessionId}.2.${seal}`,
      `${memberId}.${b.sessionId}.1.${seal}`,
      `${b.memberId}.${sessionId}.1.${seal}`,
      `${memberId}.${sessionId}.1.${seal.slice(0, -1)}`,
      `${memberId}.${sessionId}.1`,
      `${memberId}.${sessionId}.1.${'A'.repeat(seal.length)}`,
      a.accessToken,
      '....',
      '',
    ]
    for (const token of forged) await refusalOf(refresh(token), 'SESSION_OVER')
    await refresh(a.refreshToken)
  })
})

describe('after a merge', () => {
  test('the session of the other record goes on at the survivor', async () => {
    const [survivor, other] = [await newMember(one), await newcomer()]
    await inTx(one.as(), (tx) => mergeMember(tx, survivor.memberId, other.memberId))
    one.clock.pass(10_000)
    await refusalOf(actorOf(other.accessToken), 'SESSION_OVER')
    const next = await refresh(other.refreshToken)
    expect(await actorOf(next.accessToken)).toMatchObject({ memberId: survivor.memberId, sessionId: other.sessionId })
    await refresh(next.refreshToken)
  })

  test('a refresh that meets the merge is answered, whichever comes first', async () => {
    for (let round = 0; round < 8; round++) {
      const [survivor, other] = [await newMember(one), await newcomer()]
      const merge = inTx(two.as(), (tx) => mergeMember(tx, survivor.memberId, other.memberId))
      const [next] = await Promise.all([refresh(other.refreshToken), merge])
      await refresh(next.refreshToken)
    }
  })
})

describe('the places where somebody is signed in', () => {
  test('are listed, newest first, with the present one marked; ended and old ones are not', async () => {
    const a = await newcomer()
    one.clock.pass(1_000)
    const b = await signIn(a.memberId, '家里的电脑')
    const gone = await signIn(a.memberId)
    await revokeSession(a.ctx, gone)
    expect((await listSessions(a.ctx)).sessions).toEqual([
      expect.objectContaining({ sessionId: b.sessionId, deviceLabel: '家里的电脑', current: false }),
      expect.objectContaining({ sessionId: a.sessionId, platform: 'weapp', current: true }),
    ])
    one.clock.pass(60 * DAY_MS - 1_000)
    expect((await listSessions(b.ctx)).sessions.map(({ sessionId }) => sessionId)).toEqual([b.sessionId])
  })

  test('one that was ended is refused at once here, within ten seconds elsewhere, and cannot be renewed', async () => {
    const [a, b] = [await newcomer(), await newcomer()]
    const other = await signIn(a.memberId)
    await Promise.all([actorOf(other.accessToken), actorOf(other.accessToken, two)])
    expect(await revokeSession(a.ctx, other)).toEqual({ done: true })
    await refusalOf(actorOf(other.accessToken), 'SESSION_OVER')
    one.clock.pass(10_000)
    await refusalOf(actorOf(other.accessToken, two), 'SESSION_OVER')
    await refusalOf(refresh(other.refreshToken), 'SESSION_OVER')
    await actorOf(a.accessToken)
    await refresh(b.refreshToken)
    expect(await revokeSession(a.ctx, other)).toEqual({ done: true })
  })

  test('another member’s cannot be ended', async () => {
    const [a, b] = [await newcomer(), await newcomer()]
    expect(await refusalOf(revokeSession(a.ctx, b), 'NOT_FOUND')).toEqual({ noun: 'session' })
    await actorOf(b.accessToken)
  })

  test('signing out ends this place alone; saying it twice is fine', async () => {
    const a = await newcomer()
    const b = await signIn(a.memberId)
    await actorOf(a.accessToken)
    expect(await signOut(a.ctx)).toEqual({ done: true })
    expect(await signOut(a.ctx)).toEqual({ done: true })
    await refusalOf(actorOf(a.accessToken), 'SESSION_OVER')
    await actorOf(b.accessToken)
    expect(await row(a)).toMatchObject({ revokedReason: 'signed_out' })
    await refusalOf(signOut(one.as()), 'SESSION_NEEDED')
    await refusalOf(listSessions(one.as()), 'SESSION_NEEDED')
  })

  test('ending a place while it renews leaves it ended', async () => {
    for (let round = 0; round < 6; round++) {
      const a = await newcomer()
      const b = await signIn(a.memberId)
      const ends = await endsOf([refresh(b.refreshToken, two), revokeSession(a.ctx, b)])
      expect([{ answer: 2 }, { answer: 1, SESSION_OVER: 1 }]).toContainEqual(ends)
      expect((await row(b)).revokedAt).not.toBeNull()
      await refusalOf(refresh(b.refreshToken), 'SESSION_OVER')
    }
  })
})
