import type { Ctx } from '../ctx'
import { survivingId } from '../member'
import { refuse } from '../refusal'
import { forgetSession } from './read-actor'
import { mintTokens, readRefreshToken, refreshExpiry, type SessionRef, type Tokens } from './tokens'

/** A refresh whose answer was lost on the way may be asked again for this long. */
const GRACE_MS = 60_000

/**
 * Exchanges a refresh token for the next pair. Each token works once; an older one that turns up later was copied,
 * and ends the session for both holders.
 * @throws SESSION_OVER
 */
export async function refreshSession(ctx: Ctx, input: { refreshToken: string }): Promise<Tokens> {
  const given = readRefreshToken(ctx.keys, input.refreshToken)
  const now = ctx.now()
  const expiresAt = refreshExpiry(now)
  // a member merged away since: its sessions went over to the survivor
  const ref = { ...given, memberId: await survivingId(ctx.db, given.memberId) }
  const where = { memberId: ref.memberId, sessionId: ref.sessionId, revokedAt: null }
  const turned = await ctx.db.session.updateMany({
    where: { ...where, generation: ref.generation, expiresAt: { gt: now } },
    data: { generation: { increment: 1 }, rotatedAt: now, expiresAt },
  })
  const next: SessionRef = { ...ref, generation: ref.generation + 1 }
  if (turned.count === 1) {
    await ctx.db.member.updateMany({ where: { memberId: ref.memberId }, data: { lastActiveAt: now } })
    return mintTokens(ctx, next, expiresAt)
  }
  if ((await survivingId(ctx.db, given.memberId)) !== ref.memberId) return refreshSession(ctx, input)
  const row = await ctx.db.session.findFirst({ where, select: { generation: true, rotatedAt: true, expiresAt: true } })
  if (!row || row.expiresAt <= now) return refuse('SESSION_OVER')
  const lostAnswer = row.generation === next.generation && now.getTime() - row.rotatedAt.getTime() <= GRACE_MS
  if (lostAnswer) return mintTokens(ctx, next, row.expiresAt)
  await ctx.db.session.updateMany({ where, data: { revokedAt: now, revokedReason: 'copied' } })
  forgetSession(ctx.house, ref.sessionId)
  ctx.log.warn({ sessionId: ref.sessionId }, 'an old refresh token came back; session ended')
  return refuse('SESSION_OVER')
}
