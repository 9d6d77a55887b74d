import type { Ctx } from '../ctx'
import { survivingId } from '../member'
import { refuse } from '../refusal'
import { seeArrival } from '../risk'
import { forgetSession } from './read-actor'
import { mintTokens, readRefreshToken, refreshExpiry, type SessionRef, type Tokens } from './tokens'

/** A refresh whose answer was lost on the way may be asked again for this long. */
const GRACE_MS = 60_000

export interface Renewed extends Tokens {
  /** Whose they are by now: of the survivor after a merge, of the record's own again after it was taken back. */
  memberId: string
}

interface Found {
  memberId: string
  generation: number
  rotatedAt: string
  expiresAt: string
}

/**
 * Exchanges a refresh token for the next pair. Each token works once; an older one that turns up later was copied,
 * and ends the session for both holders.
 * @throws SESSION_OVER
 */
export async function refreshSession(
  ctx: Ctx,
  { refreshToken, install }: { refreshToken: string; install?: string | undefined },
): Promise<Renewed> {
  const given = readRefreshToken(ctx.keys, refreshToken)
  const renewed = await turn(ctx, given, await survivingId(ctx.db, given.memberId))
  // the old token is spent by now: what is only noted beside it must not lose the new one
  await seeArrival(ctx, renewed.memberId, { install }).catch((error: unknown) =>
    ctx.log.warn({ trouble: error instanceof Error ? error.name : 'unknown' }, 'phone and network were not noted'),
  )
  return renewed
}

/** Turns the session over where it is thought to be; a merge, or one taken back, may have moved it. */
async function turn(ctx: Ctx, given: SessionRef, memberId: string): Promise<Renewed> {
  const now = ctx.now()
  const expiresAt = refreshExpiry(now)
  const ref = { ...given, memberId }
  const where = { memberId, sessionId: ref.sessionId, revokedAt: null }
  const turned = await ctx.db.session.updateMany({
    where: { ...where, generation: ref.generation, expiresAt: { gt: now } },
    data: { generation: { increment: 1 }, rotatedAt: now, expiresAt },
  })
  const next: SessionRef = { ...ref, generation: ref.generation + 1 }
  if (turned.count === 1) {
    await ctx.db.member.updateMany({ where: { memberId }, data: { lastActiveAt: now } })
    return { memberId, ...(await mintTokens(ctx, next, expiresAt)) }
  }
  const found = await ctx.sql<Found | null>('session_find', given)
  if (!found || new Date(found.expiresAt) <= now) return refuse('SESSION_OVER')
  if (found.memberId !== memberId || found.generation === given.generation) return turn(ctx, given, found.memberId)
  const lostAnswer =
    found.generation === next.generation && now.getTime() - new Date(found.rotatedAt).getTime() <= GRACE_MS
  if (lostAnswer) return { memberId, ...(await mintTokens(ctx, next, new Date(found.expiresAt))) }
  const ended = await ctx.db.session.updateMany({ where, data: { revokedAt: now, revokedReason: 'copied' } })
  if (ended.count === 0) return turn(ctx, given, memberId)
  forgetSession(ctx.house, ref.sessionId)
  ctx.log.warn({ sessionId: ref.sessionId }, 'an old refresh token came back; session ended')
  return refuse('SESSION_OVER')
}
