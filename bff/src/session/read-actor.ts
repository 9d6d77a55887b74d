import type { Actor, House } from '../ctx'
import { refuse } from '../refusal'
import { isGuestToken, readAccessToken, readGuestToken } from './tokens'

/** How long a look at the session row is trusted; a sign-out elsewhere takes at most this long to be felt here. */
const TRUST_MS = 10_000
const REMEMBERED = 20_000

const looks = new WeakMap<House, Map<string, number>>()

const looksOf = (house: House) => {
  const known = looks.get(house)
  if (known) return known
  const fresh = new Map<string, number>()
  looks.set(house, fresh)
  return fresh
}

/** Makes the next request of this session look at its row again. */
export const forgetSession = (house: House, sessionId: string): void => void looksOf(house).delete(sessionId)

/**
 * Who asks, from the bearer token. Nobody without one.
 * @throws SESSION_OVER for a token that is over, or whose session was ended
 */
export async function readActor(house: House, authorization: string | undefined): Promise<Actor> {
  const token = /^Bearer (\S{1,4096})$/.exec(authorization ?? '')?.[1]
  if (!token) return { kind: 'nobody' }
  if (isGuestToken(token)) return readGuestToken(house, token)
  const { memberId, sessionId } = await readAccessToken(house, token)
  await lookAtSession(house, memberId, sessionId)
  return { kind: 'member', memberId, sessionId }
}

async function lookAtSession(house: House, memberId: string, sessionId: string): Promise<void> {
  const seen = looksOf(house)
  const now = house.now().getTime()
  if ((seen.get(sessionId) ?? 0) > now) return
  const live = await house.prisma.session.findUnique({
    where: { memberId_sessionId: { memberId, sessionId }, revokedAt: null },
    select: { sessionId: true },
  })
  if (!live) refuse('SESSION_OVER')
  if (seen.size >= REMEMBERED) seen.clear()
  seen.set(sessionId, now + TRUST_MS)
}
