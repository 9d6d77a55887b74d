import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { forgetSession } from './read-actor'

/** Signs this place out. Saying it twice is fine. */
export async function signOut(ctx: Ctx): Promise<{ done: true }> {
  if (ctx.actor.kind !== 'member') return refuse('SESSION_NEEDED')
  await endSession(ctx, ctx.actor.sessionId, 'signed_out')
  return { done: true }
}

/** Ends another signed-in place of the same member. @throws NOT_FOUND for a session that is not one's own */
export async function revokeSession(ctx: Ctx, { sessionId }: { sessionId: string }): Promise<{ done: true }> {
  const memberId = memberIdOf(ctx)
  const own = await ctx.db.session.findUnique({
    where: { memberId_sessionId: { memberId, sessionId } },
    select: { sessionId: true },
  })
  if (!own) return refuse('NOT_FOUND', { noun: 'session' })
  await endSession(ctx, sessionId, 'revoked')
  return { done: true }
}

async function endSession(ctx: Ctx, sessionId: string, revokedReason: string): Promise<void> {
  await ctx.db.session.updateMany({
    where: { memberId: memberIdOf(ctx), sessionId, revokedAt: null },
    data: { revokedAt: ctx.now(), revokedReason },
  })
  forgetSession(ctx.house, sessionId)
}
