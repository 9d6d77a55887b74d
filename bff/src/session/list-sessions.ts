import { type Ctx, memberIdOf } from '../ctx'

/** Where this member is signed in now, newest first. */
export async function listSessions(ctx: Ctx) {
  const memberId = memberIdOf(ctx)
  const own = ctx.actor.kind === 'member' ? ctx.actor.sessionId : ''
  const rows = await ctx.db.session.findMany({
    where: { memberId, revokedAt: null, expiresAt: { gt: ctx.now() } },
    orderBy: { rotatedAt: 'desc' },
    take: 50,
    select: { sessionId: true, deviceLabel: true, platform: true, createdAt: true, rotatedAt: true },
  })
  return {
    sessions: rows.map(({ rotatedAt, createdAt, ...row }) => ({
      ...row,
      createdAt: createdAt.toISOString(),
      lastSeenAt: rotatedAt.toISOString(),
      current: row.sessionId === own,
    })),
  }
}
