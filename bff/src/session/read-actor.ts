import type { Actor, House } from '../ctx'
import { refuse } from '../refusal'
import { remembered } from '../remembered'
import { type Access, isGuestToken, readAccessToken, readGuestToken } from './tokens'

/** How long a look at the session row is trusted; a sign-out elsewhere takes at most this long to be felt here. */
const TRUST_MS = 10_000

/** Tokens whose seal was checked, by their text: checking costs more than everything else about a small request. */
const tokens = remembered<Access>()
/** Live sessions by their id, with whom they belong to: a merge hands them on. */
const liveSessions = remembered<string>()

/** Makes the next request of this session look at its row again. */
export const forgetSession = (house: House, sessionId: string): void => liveSessions.forget(house, sessionId)

/**
 * Who asks, from the bearer token. Nobody without one.
 * @throws SESSION_OVER for a token that is over, or whose session was ended
 */
export async function readActor(house: House, authorization: string | undefined): Promise<Actor> {
  const token = /^Bearer (\S{1,4096})$/.exec(authorization ?? '')?.[1]
  if (!token) return { kind: 'nobody' }
  if (isGuestToken(token)) return readGuestToken(house, token)
  const { memberId, sessionId } = tokens.recall(house, token) ?? (await checkToken(house, token))
  await lookAtSession(house, memberId, sessionId)
  return { kind: 'member', memberId, sessionId }
}

async function checkToken(house: House, token: string): Promise<Access> {
  const read = await readAccessToken(house, token)
  tokens.keep(house, token, read, read.expiresAt)
  return read
}

async function lookAtSession(house: House, memberId: string, sessionId: string): Promise<void> {
  if (liveSessions.recall(house, sessionId) === memberId) return
  const live = await house.sql<boolean>('session_live', { memberId, sessionId })
  if (!live) refuse('SESSION_OVER')
  liveSessions.keep(house, sessionId, memberId, house.now().getTime() + TRUST_MS)
}
